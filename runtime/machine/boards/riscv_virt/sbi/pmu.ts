/**
 * "Performance Monitoring Unit Extension", as far as the harts have it: the counters `cycle` and `instret`
 * run freely and can be read by their CSRs. They cannot be configured, started or stopped, so no event
 * matches, and the answers say so. Counter 1 is the place of `time`, which is not a performance counter.
 */

import type { SbiCaller, SbiHost } from "./sbi_host.ts";
import { ArgumentRegister } from "./sbi_host.ts";
import { SbiError, SbiExtensionId } from "./sbi_codes.ts";
import { finish, type SbiExtension, succeed } from "./sbi_extension.ts";

const PmuFunction = {
  NUM_COUNTERS: 0,
  COUNTER_GET_INFO: 1,
  COUNTER_CONFIG_MATCHING: 2,
  COUNTER_START: 3,
  COUNTER_STOP: 4,
  COUNTER_FIRMWARE_READ: 5,
  COUNTER_FIRMWARE_READ_HIGH: 6,
  SNAPSHOT_SET_SHARED_MEMORY: 7,
} as const;

/** Counter numbers in use end here: cycle 0, instret 2. */
const COUNTERS = 3;
const TIME_COUNTER = 1;

/** Counter information: CSR number in bits 0 to 11, width minus one in 12 to 17, type 0 is hardware. */
const CYCLE_CSR = 0xc00;
const WIDTH_MINUS_ONE = 63;
const WIDTH_SHIFT = 12;

/** The performance monitoring extension. */
export const PMU_EXTENSION: SbiExtension = {
  id: SbiExtensionId.PMU,
  call(functionId: number, caller: SbiCaller, _host: SbiHost): void {
    switch (functionId) {
      case PmuFunction.NUM_COUNTERS:
        return succeed(caller, COUNTERS);
      case PmuFunction.COUNTER_GET_INFO:
        return getInfo(caller);
      case PmuFunction.COUNTER_CONFIG_MATCHING:
        return finish(
          caller,
          areCounters(caller) ? SbiError.NOT_SUPPORTED : SbiError.INVALID_PARAM,
        );
      // No counter was ever configured, so none can be named in these.
      case PmuFunction.COUNTER_START:
      case PmuFunction.COUNTER_STOP:
      case PmuFunction.COUNTER_FIRMWARE_READ:
      case PmuFunction.COUNTER_FIRMWARE_READ_HIGH:
        return finish(caller, SbiError.INVALID_PARAM);
      default:
        return finish(caller, SbiError.NOT_SUPPORTED);
    }
  },
};

function getInfo(caller: SbiCaller): void {
  const counter = caller.low(ArgumentRegister.A0);
  const exists = caller.high(ArgumentRegister.A0) === 0 && counter >= 0 && counter < COUNTERS &&
    counter !== TIME_COUNTER;
  if (!exists) return finish(caller, SbiError.INVALID_PARAM);
  succeed(caller, (CYCLE_CSR + counter) | (WIDTH_MINUS_ONE << WIDTH_SHIFT));
}

/** Does the counter list in a0 (base) and a1 (mask) name only counters that exist? */
function areCounters(caller: SbiCaller): boolean {
  const { A0, A1 } = ArgumentRegister;
  const base = caller.low(A0);
  if (caller.high(A0) !== 0 || base < 0 || base >= COUNTERS) return false;
  const mask = caller.low(A1);
  return caller.high(A1) === 0 && mask !== 0 && (mask >>> (COUNTERS - base)) === 0;
}
