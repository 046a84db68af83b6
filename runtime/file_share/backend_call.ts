/**
 * Calls of a share to a file system of the caller's, as they stand in the mailbox between the two threads: the length of
 * a text, the text, which is JSON, and bytes that go with it.
 */

import { CALL_BYTES } from "../virtio/back_end_call.ts";
import { FileError } from "./file_error.ts";
import type { ErrnoName } from "./file_error.ts";

const LENGTH_BYTES = 4;
/** Bytes that go with a call at most; the text has the rest. */
export const CALL_DATA_BYTES = 0x2_0000;
/** Letters of names that one answer holds. */
export const LISTED_LETTERS = 0x4000;

/** What there is to know of an entry. */
export interface BackendEntry {
  /** What it is. */
  readonly kind: "file" | "folder" | "link";
  /** Bytes of a file. Default: 0. */
  readonly size?: number;
  /** Who may do what, such as `0o644`. Default: `0o644`, of a folder `0o755`. */
  readonly permissions?: number;
  /** When it was written, in milliseconds since 1970. Default: 0. */
  readonly modified?: number;
  /** The text of a link. */
  readonly target?: string;
  /** A number that no other entry has, below 2^53. Default: one that is made of its path. */
  readonly id?: number;
}

/** An entry that is to be made. */
export interface NewBackendEntry {
  /** What it is to be. */
  readonly kind: "file" | "folder" | "link";
  /** Who may do what. */
  readonly permissions: number;
  /** The text of a link. */
  readonly target?: string;
}

/** What is to become of an entry; what is left out stays. */
export interface BackendChange {
  /** Bytes of a file. */
  readonly size?: number;
  /** Who may do what. */
  readonly permissions?: number;
  /** When it was written, in milliseconds since 1970. */
  readonly modified?: number;
}

/** A call. */
export type BackendCall =
  | { readonly does: "look" | "remove" | "flush"; readonly path: string }
  | { readonly does: "list"; readonly path: string; readonly from: number }
  | {
    readonly does: "read";
    readonly path: string;
    readonly offset: number;
    readonly length: number;
  }
  | { readonly does: "write"; readonly path: string; readonly offset: number }
  | { readonly does: "create"; readonly path: string; readonly entry: NewBackendEntry }
  | { readonly does: "rename"; readonly path: string; readonly to: string }
  | { readonly does: "change"; readonly path: string; readonly change: BackendChange };

/** An answer: what the call is about, or an error. */
export interface BackendAnswer {
  /** What is there; null: nothing. */
  readonly entry?: BackendEntry | null;
  /** Names from the wanted one on. */
  readonly names?: readonly string[];
  /** Are there more? */
  readonly hasMore?: boolean;
  /** Why it failed. */
  readonly error?: ErrnoName;
}

/** Writes a call or an answer. @returns bytes of it */
export function putCall(
  room: Uint8Array,
  text: BackendCall | BackendAnswer,
  data: Uint8Array = new Uint8Array(0),
): number {
  const bytes = new TextEncoder().encode(JSON.stringify(text));
  const length = LENGTH_BYTES + bytes.length + data.length;
  if (length > CALL_BYTES) throw new FileError("ENAMETOOLONG");
  new DataView(room.buffer, room.byteOffset).setUint32(0, bytes.length, true);
  room.set(bytes, LENGTH_BYTES);
  room.set(data, LENGTH_BYTES + bytes.length);
  return length;
}

/** Reads a call or an answer of so many bytes. */
export function takeCall<Text extends BackendCall | BackendAnswer>(
  room: Uint8Array,
  length: number,
): { readonly text: Text; readonly data: Uint8Array<ArrayBuffer> } {
  const bytes = new DataView(room.buffer, room.byteOffset).getUint32(0, true);
  const end = LENGTH_BYTES + bytes;
  const text = new TextDecoder().decode(room.slice(LENGTH_BYTES, end));
  return { text: JSON.parse(text), data: new Uint8Array(room.slice(end, length)) };
}
