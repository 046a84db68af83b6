/**
 * Fields of `menvcfg` and `senvcfg` that the hart has.
 *
 * Source: RISC-V Privileged ISA, "Machine Environment Configuration (menvcfg) Register", "Supervisor
 * Environment Configuration (senvcfg) Register".
 */

/** Fences order I/O as memory too; fences of this hart always do. */
export const ENVCFG_FIOM: bigint = 1n << 0n;
/** The walk sets accessed and dirty bits. */
export const MENVCFG_ADUE: bigint = 1n << 61n;
/** Supervisor mode has its timer compare register. */
export const MENVCFG_STCE: bigint = 1n << 63n;
