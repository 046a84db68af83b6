/**
 * Where the code and the cases of a batch lie in guest memory, and what one case's record holds. The same
 * addresses are used on a hart of our own and in a process under QEMU, so that addresses compare as well.
 */

/** Guest addresses. */
export const Address = {
  /** Code that is not the same on a hart and in a process: end, and what handles a trap. */
  SUPPORT: 0x8000_0000,
  /** The trap handler. */
  HANDLER: 0x8000_0200,
  /** Where code goes when all cases are done. */
  END: 0x8000_0400,
  /** What handlers save registers to; `CURRENT` is the address of the current record. */
  SAVED: 0x8000_1000,
  CURRENT: 0x8000_1040,
  /** Stack of signal handlers in a process. */
  SIGNAL_STACK: 0x8000_2000,
  /** Code of the cases. */
  CODE: 0x8000_8000,
  /** Code of instructions that jump far. */
  FAR_CODE: 0x8010_0000,
  RECORDS: 0x8020_0000,
  /** End of memory. */
  LIMIT: 0x8040_0000,
} as const;

/** Bytes of memory. */
export const MEMORY_BYTES: number = Address.LIMIT - Address.SUPPORT;
/** Bytes of a record. */
export const RECORD_BYTES = 256;
/** Nothing is mapped here. */
export const NOWHERE = 0x5000_0000;
/** Most records of a batch; the word behind the last one is used too. */
export const MOST_RECORDS: number = (Address.LIMIT - Address.RECORDS) / RECORD_BYTES - 1;

/** Registers of each file that an instruction may name. */
export const X_SLOTS = 3;
export const F_SLOTS = 4;
const WORD_BYTES = 8;

/**
 * Byte offsets in a record. `SPILL` is where accesses at the end of the record before go on, and is
 * that record's.
 */
export const Field = {
  SPILL: 0,
  RESUME: 8,
  TRAP: 16,
  TRAP_VALUE: 24,
  FCSR_IN: 32,
  FCSR_OUT: 40,
  /** Number of the place that a jump went to, from 1; 0 when it went on behind the instruction. */
  PLACE: 48,
  X_IN: 56,
  X_OUT: 56 + X_SLOTS * WORD_BYTES,
  F_IN: 56 + 2 * X_SLOTS * WORD_BYTES,
  F_OUT: 56 + (2 * X_SLOTS + F_SLOTS) * WORD_BYTES,
  /** Memory that the instruction may use: a block of the largest size, aligned. */
  MEMORY: 192,
} as const;

/** Words of {@linkcode Field.MEMORY}. */
export const MEMORY_WORDS: number = (RECORD_BYTES - Field.MEMORY) / WORD_BYTES;

/** Address of a record. */
export function recordAddress(index: number): number {
  return Address.RECORDS + index * RECORD_BYTES;
}
