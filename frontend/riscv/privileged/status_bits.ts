/**
 * Fields of `mstatus`, and what `sstatus` shows of it.
 *
 * Source: RISC-V Privileged ISA, "Machine Status (mstatus and mstatush) Registers" and "Supervisor Status
 * (sstatus) Register".
 */

/** Masks and positions of the fields. */
export const Status = {
  SIE: 1n << 1n,
  MIE: 1n << 3n,
  SPIE: 1n << 5n,
  MPIE: 1n << 7n,
  SPP: 1n << 8n,
  SPP_SHIFT: 8n,
  MPP: 3n << 11n,
  MPP_SHIFT: 11n,
  FS: 3n << 13n,
  MPRV: 1n << 17n,
  SUM: 1n << 18n,
  SUM_SHIFT: 18n,
  MXR: 1n << 19n,
  TVM: 1n << 20n,
  TW: 1n << 21n,
  TSR: 1n << 22n,
  /** User mode is 64 bits wide. */
  UXL: 2n << 32n,
  /** Supervisor mode is 64 bits wide. */
  SXL: 2n << 34n,
  SD: 1n << 63n,
} as const;

/** Fields that `sstatus` can change. */
export const SUPERVISOR_STATUS_WRITABLE: bigint = Status.SIE | Status.SPIE | Status.SPP |
  Status.FS | Status.SUM | Status.MXR;

/** Fields that `sstatus` shows. */
export const SUPERVISOR_STATUS_VISIBLE: bigint = SUPERVISOR_STATUS_WRITABLE | Status.UXL |
  Status.SD;

/** Fields that `mstatus` can change; of MPP only to a privilege that exists. */
export const MACHINE_STATUS_WRITABLE: bigint = SUPERVISOR_STATUS_WRITABLE | Status.MIE |
  Status.MPIE | Status.MPP | Status.MPRV | Status.TVM | Status.TW | Status.TSR;
