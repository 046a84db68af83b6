/**
 * Memory of the machine on which scripts for the MMU run: frames of RAM by use, and where the code of accesses
 * is mapped. A frame's number within RAM is also the lowest table index of the virtual pages that may map it, so
 * that pages of every size lead to the same frames.
 */
import { RAM_BASE, RAM_BYTES } from "../../differential/guest_layout.ts";

/** Bytes of a page. */
export const PAGE_BYTES = 4096;

/** Frames of RAM by their numbers. */
export const Frame = {
  DRIVER: 0,
  GLOBALS: 1,
  SCRIPT: 2,
  STUBS: 20,
  /** Tables through which the stubs are mapped in every address space. */
  ANCHOR: 24,
  USER_LEAVES: 25,
  SUPERVISOR_LEAVES: 26,
  /** Root tables of the address spaces, and what lies between them and the anchor. */
  ROOTS: 27,
  /** Tables of random entries. */
  TABLES: 36,
  DATA: 48,
  LIMIT: 64,
} as const;

/** Frames of tables that an address space has of its own, at most. */
export const ROOT_FRAMES = 3;
/** Index of the root entry that leads to the anchor, in its last level but two. */
export const ANCHOR_INDEX = 3;
/** Indices of the anchor's entries. */
export const AnchorEntry = { USER: 2, SUPERVISOR: 3 } as const;

/** Code in every data frame: adds a number to `a2` and returns. */
export const FetchTarget = { INSIDE: 0x100, STRADDLING: 0xffe, STRADDLING_NUMBER: 0x7f } as const;

/** Physical address of a frame. */
export function frameAddress(frame: number): bigint {
  return BigInt(RAM_BASE + frame * PAGE_BYTES);
}

/** Page number of a frame. */
export function frameNumber(frame: number): bigint {
  return frameAddress(frame) / BigInt(PAGE_BYTES);
}

/** Offset in RAM of a physical address, or -1 outside. */
export function ramOffset(physical: bigint): number {
  const offset = physical - BigInt(RAM_BASE);
  return offset >= 0n && offset < BigInt(RAM_BYTES) ? Number(offset) : -1;
}

/** Virtual address of the stubs for a privilege. */
export function stubBase(privilege: "user" | "supervisor"): bigint {
  const middle = privilege === "user" ? AnchorEntry.USER : AnchorEntry.SUPERVISOR;
  return (BigInt(ANCHOR_INDEX) << 30n) | (BigInt(middle) << 21n) | (BigInt(Frame.STUBS) << 12n);
}

/** Translation schemes by name: value of `satp.MODE`, and levels of tables. */
export const Scheme = {
  sv39: { mode: 8n, levels: 3 },
  sv48: { mode: 9n, levels: 4 },
  sv57: { mode: 10n, levels: 5 },
} as const;

/** Bits of a page table entry. */
export const Entry = {
  VALID: 1n,
  READ: 2n,
  WRITE: 4n,
  EXECUTE: 8n,
  USER: 16n,
  GLOBAL: 32n,
  ACCESSED: 64n,
  DIRTY: 128n,
  NUMBER_SHIFT: 10n,
  /** Position of the memory type. */
  TYPE_SHIFT: 61n,
  /** One of sixteen contiguous pages. */
  CONTIGUOUS: 1n << 63n,
} as const;
