/**
 * The guest's physical address space outside RAM: which device answers an address.
 *
 * Windows are sorted and do not overlap. A device driver polls one device many times in a row, so the
 * window of the last hit is tried first. Every vCPU worker owns a bus of its own over the same shared
 * device structs; nothing here is shared and an access allocates nothing.
 */

import type { DeviceWindow, MmioAccess } from "./device.ts";

const HALF_RANGE = 0x1_0000_0000;
/** First address that a device window cannot reach: addresses are exact numbers below. */
const WINDOW_LIMIT = 2 ** 53;

/** Routes device accesses of one vCPU to the devices of a board. */
export class Bus {
  readonly #windows: readonly DeviceWindow[];
  #lastHit = 0;

  /**
   * Makes a bus of these windows, in any order.
   * @throws {RangeError} when windows overlap or are too high
   */
  constructor(windows: readonly DeviceWindow[]) {
    this.#windows = [...windows].sort((a, b) => a.base - b.base);
    assertDisjoint(this.#windows);
  }

  /** All windows in address order. */
  get windows(): readonly DeviceWindow[] {
    return this.#windows;
  }

  /**
   * Guest read of the register at a physical address, given as two i32 halves. `access.size` and
   * `access.hart` are set by the caller; `offset`, `low`, `high` and `retry` are set here.
   * @returns false when nothing answers there: the guest gets an access fault.
   */
  load(physicalLow: number, physicalHigh: number, access: MmioAccess): boolean {
    const window = this.#route(physicalLow, physicalHigh, access);
    access.low = 0;
    access.high = 0;
    return window !== undefined && window.device.load(access);
  }

  /**
   * Guest write of `access.low`/`access.high` to a physical address, given as two i32 halves.
   * @returns false when nothing answers there: the guest gets an access fault.
   */
  store(physicalLow: number, physicalHigh: number, access: MmioAccess): boolean {
    const window = this.#route(physicalLow, physicalHigh, access);
    return window !== undefined && window.device.store(access);
  }

  /** Does any device answer at this physical address? */
  isMapped(physicalLow: number, physicalHigh: number): boolean {
    return this.#find(addressOf(physicalLow, physicalHigh)) >= 0;
  }

  #route(
    physicalLow: number,
    physicalHigh: number,
    access: MmioAccess,
  ): DeviceWindow | undefined {
    const address = addressOf(physicalLow, physicalHigh);
    const index = this.#find(address);
    if (index < 0) return undefined;
    const window = this.#windows[index];
    if (window === undefined) return undefined;
    access.offset = address - window.base;
    access.retry = false;
    const fits = access.offset + access.size <= window.bytes;
    return fits && access.offset % access.size === 0 ? window : undefined;
  }

  /** Index of the window that holds `address`, or -1. */
  #find(address: number): number {
    if (this.#contains(this.#lastHit, address)) return this.#lastHit;
    let low = 0;
    let high = this.#windows.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      if (this.#contains(middle, address)) {
        this.#lastHit = middle;
        return middle;
      }
      if (address < (this.#windows[middle]?.base ?? 0)) high = middle - 1;
      else low = middle + 1;
    }
    return -1;
  }

  #contains(index: number, address: number): boolean {
    const window = this.#windows[index];
    return window !== undefined && address >= window.base &&
      address < window.base + window.bytes;
  }
}

function addressOf(low: number, high: number): number {
  return (high >>> 0) * HALF_RANGE + (low >>> 0);
}

function assertDisjoint(sorted: readonly DeviceWindow[]): void {
  let end = 0;
  for (const { device, base, bytes } of sorted) {
    if (base < end || bytes <= 0 || base + bytes > WINDOW_LIMIT) {
      throw new RangeError(
        `Cannot place device "${device.name}" at 0x${
          base.toString(16)
        }: window overlaps another or is too high`,
      );
    }
    end = base + bytes;
  }
}
