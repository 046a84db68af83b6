/** Internal snapshots of an image: what is said of them. They are kept, and nothing is ever written to what is theirs. */

import { DamagedImageError } from "../image_error.ts";
import type { ImageFile } from "../image_file.ts";
import { ENTRY_BYTES, getLong, MAX_L1_BYTES, MAX_SNAPSHOTS } from "./format.ts";
import type { Qcow2Header } from "./header.ts";

/** Fields of an entry, which is followed by extra data, its number and its name. */
const Field = {
  L1_POSITION: 0,
  L1_ENTRIES: 8,
  ID_LENGTH: 12,
  NAME_LENGTH: 14,
  SECONDS: 16,
  NANOSECONDS: 20,
  GUEST_NANOSECONDS: 24,
  STATE_BYTES: 32,
  EXTRA_LENGTH: 36,
  BYTES: 40,
} as const;
const ALIGNMENT = 8;
/** Most extra data that are read: QEMU's bound. */
const MOST_EXTRA_BYTES = 1024;

/** A snapshot. */
export interface Snapshot {
  /** Its number, as text. */
  readonly id: string;
  /** Its name. */
  readonly name: string;
  /** When it was made, in seconds since 1970. */
  readonly seconds: number;
  /** The rest of that, in nanoseconds. */
  readonly nanoseconds: number;
  /** Time of the guest, in nanoseconds. */
  readonly guestNanoseconds: number;
  /** Bytes of the machine's state. */
  readonly stateBytes: number;
  /** Place of its first table. */
  readonly l1Position: number;
  /** Entries of that. */
  readonly l1Entries: number;
}

/** Reads what is said of all snapshots, with its length. Throws DamagedImageError. */
export function readSnapshots(
  header: Qcow2Header,
  file: ImageFile,
): { readonly snapshots: Snapshot[]; readonly bytes: number } {
  const snapshots: Snapshot[] = [];
  const count = Math.min(header.snapshots, MAX_SNAPSHOTS);
  let at = header.snapshotsPosition;
  const damaged = (cause: string): DamagedImageError => new DamagedImageError(header.image, cause);
  const fixed = new Uint8Array(Field.BYTES);
  const view = new DataView(fixed.buffer);
  for (let index = 0; index < count; index++) {
    if (at + Field.BYTES > file.bytes) throw damaged("its snapshots are not in the file");
    file.read(at, fixed);
    const extra = view.getUint32(Field.EXTRA_LENGTH);
    if (extra > MOST_EXTRA_BYTES) throw damaged(`a snapshot with ${extra} bytes of extra data`);
    const [idLength, nameLength] = [Field.ID_LENGTH, Field.NAME_LENGTH].map((field) =>
      view.getUint16(field)
    );
    const names = new Uint8Array(idLength + nameLength);
    file.read(at + Field.BYTES + extra, names);
    const text = (from: number, to: number): string =>
      new TextDecoder().decode(names.slice(from, to));
    const snapshot: Snapshot = {
      id: text(0, idLength),
      name: text(idLength, names.length),
      seconds: view.getUint32(Field.SECONDS),
      nanoseconds: view.getUint32(Field.NANOSECONDS),
      guestNanoseconds: getLong(view, Field.GUEST_NANOSECONDS),
      stateBytes: view.getUint32(Field.STATE_BYTES),
      l1Position: getLong(view, Field.L1_POSITION),
      l1Entries: view.getUint32(Field.L1_ENTRIES),
    };
    const l1Bytes = snapshot.l1Entries * ENTRY_BYTES;
    const fits = snapshot.l1Position % header.clusterBytes === 0 && l1Bytes <= MAX_L1_BYTES &&
      snapshot.l1Position + l1Bytes <= file.bytes;
    if (!fits) throw damaged(`the first table of snapshot ${index + 1} is not in the file`);
    snapshots.push(snapshot);
    at += Math.ceil((Field.BYTES + extra + names.length) / ALIGNMENT) * ALIGNMENT;
  }
  return { snapshots, bytes: at - header.snapshotsPosition };
}
