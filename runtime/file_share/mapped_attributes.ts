/** What a guest has set of a file, as the text that QEMU keeps it in: a line for each value. */

/** What a guest has set. */
export interface MappedAttributes {
  /** Owner. */
  readonly uid: number;
  /** Group of the owner. */
  readonly gid: number;
  /** Kind and permissions. */
  readonly mode: number;
  /** Number of a device; 0: none. */
  readonly device: number;
}

const NAMES = { uid: "uid", gid: "gid", mode: "mode", device: "rdev" } as const;
const LINE = /^virtfs\.([a-z]+)=(\d{1,10})$/;

/** The values of a text; null unless it tells the kind and whose it is. */
export function parseMapped(text: string): MappedAttributes | null {
  const values = new Map<string, number>();
  for (const line of text.split("\n")) {
    const [, name, value] = LINE.exec(line.trim()) ?? [];
    if (name !== undefined) values.set(name, Number(value) >>> 0);
  }
  const [uid, gid, mode] = [NAMES.uid, NAMES.gid, NAMES.mode].map((name) => values.get(name));
  if (uid === undefined || gid === undefined || mode === undefined) return null;
  return { uid, gid, mode, device: values.get(NAMES.device) ?? 0 };
}

/** The text of values. */
export function writtenMapped({ uid, gid, mode, device }: MappedAttributes): string {
  const lines: [string, number][] = [[NAMES.uid, uid], [NAMES.gid, gid], [NAMES.mode, mode]];
  if (device !== 0) lines.push([NAMES.device, device]);
  return lines.map(([name, value]) => `virtfs.${name}=${value}\n`).join("");
}
