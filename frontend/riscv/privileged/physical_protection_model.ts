/** Physical memory protection in plain terms, byte ranges in a list: what tests compare the hart's with. */

/** One entry: configuration byte and address register. */
export interface ProtectionEntry {
  /** Configuration byte. */
  readonly config: number;
  /** Address register: a physical address without its two low bits. */
  readonly address: bigint;
}

/** Bytes that an entry covers. */
interface ByteRange {
  readonly start: bigint;
  readonly end: bigint;
}

const PAGE_BYTES = 4096n;

/** Pages are the smallest regions, so bounds are rounded down to pages. */
function pageAligned(address: bigint): bigint {
  return address / PAGE_BYTES * PAGE_BYTES;
}

function powerOfTwoRange(address: bigint): ByteRange {
  let size = 8n;
  for (let rest = address; (rest & 1n) === 1n; rest >>= 1n) size *= 2n;
  if (size < PAGE_BYTES) size = PAGE_BYTES;
  const start = (address << 2n) / size * size;
  return { start, end: start + size };
}

function rangeOf(entries: readonly ProtectionEntry[], index: number): ByteRange | null {
  const { config, address } = entries[index];
  switch ((config >> 3) & 3) {
    case 1: {
      const below = index === 0 ? 0n : entries[index - 1].address << 2n;
      return { start: pageAligned(below), end: pageAligned(address << 2n) };
    }
    case 3:
      return powerOfTwoRange(address);
    default:
      return null;
  }
}

/** Permissions (1 read, 2 write, 4 execute) at a physical address. */
export function modelProtection(
  entries: readonly ProtectionEntry[],
  address: bigint,
  isMachine: boolean,
): number {
  for (let index = 0; index < entries.length; index++) {
    const range = rangeOf(entries, index);
    if (range === null || address < range.start || address >= range.end) continue;
    const { config } = entries[index];
    return isMachine && (config & 0x80) === 0 ? 7 : config & 7;
  }
  return isMachine ? 7 : 0;
}
