/**
 * The address translation process in the manual's own steps, one after the other: what tests compare the
 * hart's page walk with.
 *
 * Source: RISC-V Privileged ISA, "Virtual Address Translation Process".
 */

/** Everything a walk depends on. */
export interface ModelSituation {
  /** The address translation register. */
  readonly satp: bigint;
  /** The address. */
  readonly virtual: bigint;
  /** What is to be done there. */
  readonly access: "load" | "store" | "fetch";
  /** Effective privilege. */
  readonly mode: "user" | "supervisor";
  /** May supervisor mode touch user pages? */
  readonly sum: boolean;
  /** May executable pages be read? */
  readonly mxr: boolean;
  /** Are there contiguous pages of 64 KiB? */
  readonly contiguous: boolean;
  /** Have pages memory types? */
  readonly types: boolean;
  /** Does the hart set accessed and dirty bits itself? */
  readonly updates: boolean;
  /** Reads a page table entry; undefined outside memory. */
  readonly read: (address: bigint) => bigint | undefined;
  /** Writes a page table entry. */
  readonly write: (address: bigint, value: bigint) => void;
  /** Permissions (1 read, 2 write, 4 execute) that protection gives an address. */
  readonly protection: (address: bigint) => number;
}

/** How a walk ends. */
export type ModelResult =
  | { readonly fault: "page" | "access" }
  | {
    readonly page: bigint;
    readonly permissions: number;
    readonly level: number;
    readonly shared: boolean;
  };

/** A page table entry taken apart. */
interface ModelEntry {
  readonly v: boolean;
  readonly r: boolean;
  readonly w: boolean;
  readonly x: boolean;
  readonly u: boolean;
  readonly g: boolean;
  readonly a: boolean;
  readonly d: boolean;
  readonly ppn: bigint;
  /** Bits 54..60. */
  readonly reserved: bigint;
  /** Memory type. */
  readonly type: bigint;
  /** One of a contiguous group? */
  readonly n: boolean;
}

const PAGE_FAULT: ModelResult = { fault: "page" };
const ACCESS_FAULT: ModelResult = { fault: "access" };
const BIT = { load: 1, store: 2, fetch: 4 } as const;

function takeApart(pte: bigint): ModelEntry {
  const [v, r, w, x, u, g, a, d] = Array.from(
    { length: 8 },
    (_, i) => (pte >> BigInt(i)) % 2n === 1n,
  );
  const [reserved, type] = [(pte >> 54n) % 128n, (pte >> 61n) % 4n];
  return {
    v,
    r,
    w,
    x,
    u,
    g,
    a,
    d,
    ppn: (pte >> 10n) % (1n << 44n),
    reserved,
    type,
    n: pte >> 63n === 1n,
  };
}

/** Permissions of a leaf before accessed and dirty bits count. */
function leafPermissions({ r, w, x, u }: ModelEntry, situation: ModelSituation): number {
  const { mode, sum, mxr } = situation;
  const mayData = mode === "user" ? u : !u || sum;
  const mayFetch = mode === "user" ? u : !u;
  const read = mayData && (r || (mxr && x));
  return (read ? 1 : 0) + (mayData && w ? 2 : 0) + (mayFetch && x ? 4 : 0);
}

/** Follows the steps. */
export function modelWalk(situation: ModelSituation): ModelResult {
  const { satp, virtual, read, protection } = situation;
  const levels = Number(satp >> 60n) - 5;
  const bits = 12 + 9 * levels;
  if (BigInt.asIntN(bits, virtual) !== BigInt.asIntN(64, virtual)) return PAGE_FAULT;
  let table = (satp % (1n << 44n)) * 4096n;
  let shared = false;
  for (let level = levels - 1; level >= 0; level--) {
    const vpn = BigInt.asUintN(bits, virtual) / 4096n / 512n ** BigInt(level) % 512n;
    const address = table + vpn * 8n;
    const pte = read(address);
    if (pte === undefined || (protection(address) & 1) === 0) return ACCESS_FAULT;
    const entry = takeApart(pte);
    if (!entry.v || (!entry.r && entry.w) || entry.reserved !== 0n) return PAGE_FAULT;
    if (entry.n && !situation.contiguous) return PAGE_FAULT;
    if (entry.type !== 0n && (!situation.types || entry.type === 3n)) return PAGE_FAULT;
    shared ||= entry.g;
    if (entry.r || entry.x) return modelLeaf(situation, { address, pte, entry, level, shared });
    if (entry.a || entry.d || entry.u || entry.n || entry.type !== 0n) return PAGE_FAULT;
    table = entry.ppn * 4096n;
  }
  return PAGE_FAULT;
}

interface ModelLeaf {
  readonly address: bigint;
  readonly pte: bigint;
  readonly entry: ModelEntry;
  readonly level: number;
  /** Is this entry or one before it global? */
  readonly shared: boolean;
}

function modelLeaf(
  situation: ModelSituation,
  { address, pte, entry, level, shared }: ModelLeaf,
): ModelResult {
  const { access, virtual, updates, write, protection } = situation;
  const permissions = leafPermissions(entry, situation);
  if ((permissions & BIT[access]) === 0) return PAGE_FAULT;
  const pages = 512n ** BigInt(level);
  if (entry.ppn % pages !== 0n) return PAGE_FAULT;
  if (entry.n && (level !== 0 || entry.ppn % 16n !== 8n)) return PAGE_FAULT;
  const group = entry.n ? 16n : pages;
  const page = (entry.ppn / group * group + BigInt.asUintN(64, virtual) / 4096n % group) * 4096n;
  if ((protection(page) & BIT[access]) === 0) return ACCESS_FAULT;
  const mustDirty = access === "store" && !entry.d;
  if (!entry.a || mustDirty) {
    if (!updates) return PAGE_FAULT;
    if ((protection(address) & 2) === 0) return ACCESS_FAULT;
    write(address, pte | 0x40n | (mustDirty ? 0x80n : 0n));
  }
  const isDirty = entry.d || mustDirty;
  return { page, permissions: permissions & protection(page) & (isDirty ? 7 : 5), level, shared };
}
