/**
 * Shared folders as a caller describes them, and the checks that need no file.
 *
 * The interface of back ends is the seam: a folder of the host's is one implementation, which the I/O worker opens
 * itself; any other is an object of the caller's, called on the caller's thread.
 */

import type { BackendChange, BackendEntry, NewBackendEntry } from "../file_share/backend_call.ts";
import { MAX_TAG_BYTES } from "../virtio/file_share_protocol.ts";
import { ConfigurationError } from "./configuration_error.ts";
import type { PlugOptions } from "./slot_assignment.ts";

/** Ways to keep owners, permissions and links of a guest's files. */
export const SECURITY_MODELS = ["none", "mapped-file"] as const;
/**
 * `none`: files belong to whoever runs the emulator, and the guest can make neither links nor devices. `mapped-file`:
 * what the guest sets is kept in files beside its own, as QEMU keeps it.
 */
export type SecurityModel = typeof SECURITY_MODELS[number];

/**
 * A file system made by a program that uses the library. Paths have no leading `/`; the empty one is the root, which is
 * a folder and always there. Each method is called on the thread that created the machine, one call at a time, and may
 * take its time: the guest waits. It need not look for what is missing or in the way: nothing is read, changed or
 * removed that {@linkcode FileSystemBackend.look} does not find, and only empty folders are removed. Without the
 * methods that change something the guest cannot change it. What is thrown is an input/output error to the guest, unless
 * its `code` is the name of an error of Linux, such as `ENOSPC`.
 *
 * @example A file system in memory
 * ```ts
 * import type { BackendEntry, FileSystemBackend, NewBackendEntry } from "@weft/emulator";
 *
 * class MemoryFiles implements FileSystemBackend {
 *   readonly #entries = new Map<string, NewBackendEntry & { bytes: Uint8Array }>();
 *   look(path: string): BackendEntry | undefined {
 *     if (path === "") return { kind: "folder" };
 *     const entry = this.#entries.get(path);
 *     return entry && { ...entry, size: entry.bytes.length };
 *   }
 *   list(path: string): string[] {
 *     const prefix = path === "" ? "" : `${path}/`;
 *     return [...this.#entries.keys()].filter((other) => other.startsWith(prefix))
 *       .map((other) => other.slice(prefix.length)).filter((name) => !name.includes("/"));
 *   }
 *   read(path: string, offset: number, into: Uint8Array): number {
 *     const part = this.#entries.get(path)!.bytes.subarray(offset, offset + into.length);
 *     into.set(part);
 *     return part.length;
 *   }
 *   write(path: string, offset: number, from: Uint8Array): void {
 *     const entry = this.#entries.get(path)!;
 *     const bytes = new Uint8Array(Math.max(entry.bytes.length, offset + from.length));
 *     bytes.set(entry.bytes);
 *     bytes.set(from, offset);
 *     entry.bytes = bytes;
 *   }
 *   create(path: string, entry: NewBackendEntry): void {
 *     this.#entries.set(path, { ...entry, bytes: new Uint8Array(0) });
 *   }
 *   remove(path: string): void {
 *     this.#entries.delete(path);
 *   }
 * }
 *
 * const files = new MemoryFiles();
 * files.create("greeting", { kind: "file", permissions: 0o644 });
 * files.write("greeting", 0, new TextEncoder().encode("hello"));
 * console.log(files.list(""), files.look("greeting")?.size);
 * ```
 */
export interface FileSystemBackend {
  /** What there is to know of an entry; undefined: there is none. */
  look(path: string): BackendEntry | undefined | Promise<BackendEntry | undefined>;
  /** Names of the entries of a folder. */
  list(path: string): readonly string[] | Promise<readonly string[]>;
  /** Fills `into` from `offset` on. @returns how many bytes; fewer only at the end */
  read(path: string, offset: number, into: Uint8Array): number | Promise<number>;
  /** Keeps a copy of `from` at `offset`; a file that ends before grows, with zeros. */
  write?(path: string, offset: number, from: Uint8Array): void | Promise<void>;
  /** Makes an entry. */
  create?(path: string, entry: NewBackendEntry): void | Promise<void>;
  /** Removes an entry. */
  remove?(path: string): void | Promise<void>;
  /** Moves an entry, and what is in it, to a path where there is none. */
  rename?(from: string, to: string): void | Promise<void>;
  /** Changes an entry. */
  change?(path: string, change: BackendChange): void | Promise<void>;
  /** Makes sure that what was written to a file stays. */
  flush?(path: string): void | Promise<void>;
}

/** A shared folder of a machine, as `-virtfs`: a file system that the guest mounts by 9P2000.L. */
export interface ShareOptions extends PlugOptions {
  /**
   * As `path=`: a folder, all of whose files the guest may use, and none outside of it (needs `--allow-read` and
   * `--allow-write` for it, or `--allow-read` alone if it is only read); or a back end.
   */
  readonly source: string | FileSystemBackend;
  /** As `mount_tag=`: the name by which the guest mounts it, 32 bytes at most. */
  readonly tag: string;
  /** As `security_model=`. Needed for a folder; a back end has none. */
  readonly securityModel?: SecurityModel;
  /** As `readonly=on`: the guest cannot change anything. Default: false. */
  readonly readonly?: boolean;
}

/** A shared folder with every default filled in. */
export interface ShareDescription {
  /** Its name in messages. */
  readonly name: string;
  /** Path or back end. */
  readonly source: string | FileSystemBackend;
  /** The name by which the guest mounts it. */
  readonly tag: Uint8Array;
  /** How owners are kept; null with a back end. */
  readonly securityModel: SecurityModel | null;
  /** Can the guest only read? */
  readonly isReadonly: boolean;
  /** Its slot. */
  readonly slot: number;
}

/** A share's name in messages. */
export function shareName({ source }: ShareOptions): string {
  return typeof source === "string" ? `share "${source}"` : "a share of the caller's";
}

/** Checks a share and fills in its defaults. Throws ConfigurationError. */
export function describeShare(share: ShareOptions, slot: number): ShareDescription {
  const { source, securityModel = null } = share;
  const name = shareName(share);
  const tag = new TextEncoder().encode(share.tag);
  if (source === "") throw refused(name, "its path is empty", "name a folder");
  if (tag.length === 0 || tag.length > MAX_TAG_BYTES) {
    const cause = `a tag has 1 to ${MAX_TAG_BYTES} bytes`;
    throw refused(`${name}: mount_tag=${share.tag}`, cause, "use another one");
  }
  checkModel(name, source, securityModel);
  return { name, source, tag, securityModel, isReadonly: share.readonly ?? false, slot };
}

/** Models of QEMU's that cannot be had, and why. */
const ABSENT_MODELS: ReadonlyMap<string, string> = new Map([
  [
    "passthrough",
    "it gives files their owners, which takes a privileged user and is open to abuse",
  ],
  ["mapped-xattr", "Deno has no way to attributes of files by name"],
  ["mapped", "Deno has no way to attributes of files by name"],
]);

function checkModel(name: string, source: unknown, model: string | null): void {
  const what = model === null ? name : `${name}: security_model=${model}`;
  if (typeof source !== "string") {
    if (model === null) return;
    throw refused(what, "a back end keeps owners as it likes", "leave it out");
  }
  if (SECURITY_MODELS.some((known) => known === model)) return;
  const cause = model === null
    ? "how owners and permissions are kept is not said"
    : ABSENT_MODELS.get(model) ?? "there is no such model";
  throw refused(what, cause, `use security_model=${SECURITY_MODELS.join(" or security_model=")}`);
}

/** Throws ConfigurationError where two shares have one name. */
export function requireDistinctTags(shares: readonly ShareOptions[]): void {
  const tags = new Set<string>();
  for (const share of shares) {
    if (!tags.has(share.tag)) tags.add(share.tag);
    else throw refused(shareName(share), `mount_tag=${share.tag} is taken`, "use another one");
  }
}

function refused(what: string, cause: string, fix: string): ConfigurationError {
  return new ConfigurationError({ what, cause, fix });
}
