/**
 * Fields of `menvcfg` and `senvcfg` that the hart has.
 *
 * Source: RISC-V Privileged ISA, "Machine Environment Configuration (menvcfg) Register", "Supervisor
 * Environment Configuration (senvcfg) Register".
 */

/** Fences order I/O as memory too; fences of this hart always do. */
export const ENVCFG_FIOM: bigint = 1n << 0n;
/** What lower privileges may invalidate: 0 nothing, 1 by flushing, 3 at will; 2 is reserved. */
export const ENVCFG_CBIE: bigint = 3n << 4n;
/** The value of CBIE that turns invalidation into flushing. */
export const ENVCFG_CBIE_FLUSH: bigint = 1n << 4n;
/** The value of CBIE, in place, that is reserved. */
export const ENVCFG_CBIE_RESERVED: bigint = 2n << 4n;
/** Lower privileges may clean and flush cache blocks. */
export const ENVCFG_CBCFE: bigint = 1n << 6n;
/** Lower privileges may zero cache blocks. */
export const ENVCFG_CBZE: bigint = 1n << 7n;
/** Page table entries have memory types. */
export const MENVCFG_PBMTE: bigint = 1n << 62n;
/** The walk sets accessed and dirty bits. */
export const MENVCFG_ADUE: bigint = 1n << 61n;
/** Supervisor mode has its timer compare register. */
export const MENVCFG_STCE: bigint = 1n << 63n;
