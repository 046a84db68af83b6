/**
 * ACLINT: machine software interrupts (mswi) and the machine timer (mtimer) in the layout of the older CLINT.
 *
 * Thread safety: no lock. `msip` is the hart's interrupt line itself; compare values are written under the
 * sequence lock of the hart's block (`clock.ts`), the time is the machine's clock.
 */

import { Pending } from "../../../atomics/shared_layout.ts";
import { interruptLines, lowerInterrupt, post, raiseInterrupt } from "../../../atomics/pending.ts";
import type { Device, MmioAccess } from "../../../devices/device.ts";
import { type GuestClock, highHalf, lowHalf } from "../../clock.ts";

/** Offsets in the register window. */
const Area = {
  SOFTWARE: 0x0,
  COMPARE: 0x4000,
  TIME: 0xbff8,
  END: 0xc000,
} as const;

/** Harts that the software interrupt area has registers for. */
const SOFTWARE_HARTS = 4095;

/** Interrupt line bit of the machine software interrupt: the architecture's interrupt number 3. */
const SOFTWARE_LINE = 1 << 3;

const WORD_BYTES = 4;
const WIDE_BYTES = 8;
const WORD_SHIFT = 2;
const WIDE_SHIFT = 3;

/** One worker's view of the ACLINT. */
export class Aclint implements Device {
  /** Name as in the device tree. */
  readonly name = "clint";
  readonly #words: Int32Array;
  readonly #hartCount: number;
  readonly #clock: GuestClock;

  /**
   * Opens the ACLINT of the machine whose memory is given.
   * @param words shared memory
   * @param hartCount number of harts of the machine
   * @param clock this worker's clock
   */
  constructor(words: Int32Array, hartCount: number, clock: GuestClock) {
    this.#words = words;
    this.#hartCount = hartCount;
    this.#clock = clock;
  }

  /** Guest read of 4 or 8 bytes; registers of harts that do not exist read as zero. */
  load(access: MmioAccess): boolean {
    if (!hasWidth(access)) return false;
    const { offset } = access;
    if (offset < Area.COMPARE) access.low = this.#softwareInterrupt(offset >> WORD_SHIFT);
    else if (offset < Area.TIME) this.#loadCompare(access);
    else if (offset < Area.END) this.#loadTime(access);
    return true;
  }

  /** Guest write of 4 or 8 bytes; registers of harts that do not exist ignore it. */
  store(access: MmioAccess): boolean {
    if (!hasWidth(access)) return false;
    const { offset } = access;
    if (offset < Area.COMPARE) this.#setSoftwareInterrupt(offset >> WORD_SHIFT, access.low);
    else if (offset < Area.TIME) this.#storeCompare(access);
    else if (offset < Area.END) this.#storeTime(access);
    return true;
  }

  #softwareInterrupt(hart: number): number {
    if (!this.#exists(hart)) return 0;
    return interruptLines(this.#words, hart) & SOFTWARE_LINE ? 1 : 0;
  }

  #setSoftwareInterrupt(hart: number, value: number): void {
    if (!this.#exists(hart)) return;
    if (value & 1) raiseInterrupt(this.#words, hart, SOFTWARE_LINE);
    else lowerInterrupt(this.#words, hart, SOFTWARE_LINE);
  }

  #loadCompare(access: MmioAccess): void {
    const hart = (access.offset - Area.COMPARE) >> WIDE_SHIFT;
    if (!this.#exists(hart)) return;
    this.#clock.readMachineTimer(hart, access);
    if (access.size === WIDE_BYTES) return;
    if (halfOf(access) === 1) access.low = access.high;
    access.high = 0;
  }

  #storeCompare(access: MmioAccess): void {
    const hart = (access.offset - Area.COMPARE) >> WIDE_SHIFT;
    if (!this.#exists(hart)) return;
    if (access.size === WIDE_BYTES) this.#clock.setMachineTimer(hart, access.low, access.high);
    else this.#clock.setMachineTimerHalf(hart, halfOf(access), access.low);
    // The own line follows before the next instruction; another hart moves its own lines.
    if (hart === access.hart) this.#clock.updateTimerLines(hart);
    else post(this.#words, hart, Pending.TIMER);
  }

  #loadTime(access: MmioAccess): void {
    const time = this.#clock.timeTicks();
    access.low = halfOf(access) === 0 ? lowHalf(time) : highHalf(time);
    if (access.size === WIDE_BYTES) access.high = highHalf(time);
  }

  #storeTime(access: MmioAccess): void {
    const time = this.#clock.timeTicks();
    if (access.size === WIDE_BYTES) this.#clock.setTime(access.low, access.high);
    else if (halfOf(access) === 0) this.#clock.setTime(access.low, highHalf(time));
    else this.#clock.setTime(lowHalf(time), access.low);
    this.#clock.updateTimerLines(access.hart);
  }

  #exists(hart: number): boolean {
    return hart < Math.min(this.#hartCount, SOFTWARE_HARTS);
  }
}

function hasWidth(access: MmioAccess): boolean {
  return access.size === WORD_BYTES || access.size === WIDE_BYTES;
}

/** Which half of a 64-bit register a 32-bit access means; an 8-byte access starts at the low one. */
function halfOf(access: MmioAccess): 0 | 1 {
  return access.offset % WIDE_BYTES === 0 ? 0 : 1;
}
