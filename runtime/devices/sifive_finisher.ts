/**
 * SiFive test finisher, also the `syscon` that power-off and reboot go through: one write-only register.
 *
 * Thread safety: no state.
 */

import { EndReason } from "../atomics/shared_layout.ts";
import type { Device, MmioAccess } from "./device.ts";
import type { PowerControl } from "./power_control.ts";

/** Commands in the low half of the register. */
export const FinisherCommand = {
  FAIL: 0x3333,
  PASS: 0x5555,
  RESET: 0x7777,
} as const;

const COMMAND_MASK = 0xffff;
const CODE_SHIFT = 16;
const SMALLEST_ACCESS = 2;
const LARGEST_ACCESS = 4;

/** One worker's view of the finisher. */
export class SifiveFinisher implements Device {
  /** Name as in the device tree. */
  readonly name = "test";
  readonly #power: PowerControl;

  /**
   * Makes a finisher.
   * @param power what the commands act on
   */
  constructor(power: PowerControl) {
    this.#power = power;
  }

  /** Reads as zero. */
  load(access: MmioAccess): boolean {
    access.low = 0;
    return hasWidth(access);
  }

  /** A known command ends the machine, anything else does nothing. */
  store(access: MmioAccess): boolean {
    if (!hasWidth(access)) return false;
    if (access.offset === 0) this.#execute(access.low & COMMAND_MASK, access);
    return true;
  }

  #execute(command: number, access: MmioAccess): void {
    switch (command) {
      case FinisherCommand.PASS:
        return this.#power.end(EndReason.POWER_OFF, 0);
      case FinisherCommand.RESET:
        return this.#power.end(EndReason.RESET, 0);
      case FinisherCommand.FAIL:
        return this.#power.end(EndReason.GUEST_EXIT, failureCode(access));
    }
  }
}

function hasWidth(access: MmioAccess): boolean {
  return access.size >= SMALLEST_ACCESS && access.size <= LARGEST_ACCESS;
}

/** The exit code stands above the command, so a 16-bit write carries none. */
function failureCode(access: MmioAccess): number {
  return access.size === LARGEST_ACCESS ? access.low >>> CODE_SHIFT : 0;
}
