/**
 * What a memory-mapped device looks like to the bus.
 *
 * A device is a small class over a struct in shared memory. It is instantiated in every vCPU worker over
 * the same struct; all state lives there, so instances need no messages between them. Registers that need
 * a lock take the device's own; there is no lock above the device.
 */

/**
 * One guest access to a device register. The vCPU owns one instance and reuses it, so that an access
 * allocates nothing. Values are little-endian halves; `high` counts only when `size` is 8.
 */
export interface MmioAccess {
  /** Index of the hart that makes the access. */
  hart: number;
  /** Byte offset inside the device's window. */
  offset: number;
  /** Access width in bytes: 1, 2, 4 or 8, naturally aligned. */
  size: number;
  /** Low 32 bits of the value, as i32. */
  low: number;
  /** High 32 bits of the value, as i32. */
  high: number;
  /**
   * Set by a device that cannot take the access yet and has changed nothing (the console ring is full). The
   * bus clears it before the access; when it comes back set, the access counts as not made: the vCPU leaves
   * to its trampoline, waits there for room in the console ring (`awaitOutputRoom`) as in WFI, and executes
   * the same instruction again.
   */
  retry: boolean;
}

/** Makes the access record that a vCPU keeps for all its device accesses. */
export function createMmioAccess(hart: number): MmioAccess {
  return { hart, offset: 0, size: 4, low: 0, high: 0, retry: false };
}

/** A device in the guest's physical address space. */
export interface Device {
  /** Name as in the device tree. */
  readonly name: string;
  /**
   * Guest read: sets `low` (and `high`) zero-extended.
   * @returns false when the register does not exist at that offset and width: the guest gets an access fault.
   */
  load(access: MmioAccess): boolean;
  /**
   * Guest write of `low`/`high`.
   * @returns false when the register does not exist at that offset and width: the guest gets an access fault.
   */
  store(access: MmioAccess): boolean;
}

/** Where a device sits on the bus. */
export interface DeviceWindow {
  /** The device. */
  readonly device: Device;
  /** First guest physical address. */
  readonly base: number;
  /** Length in bytes. */
  readonly bytes: number;
}
