/** "Hart State Management Extension": starting, stopping and suspending harts. */

import type { SbiCaller, SbiHost } from "./sbi_host.ts";
import { ArgumentRegister } from "./sbi_host.ts";
import { SbiError, SbiExtensionId } from "./sbi_codes.ts";
import { finish, type SbiExtension, succeed } from "./sbi_extension.ts";

const HsmFunction = { START: 0, STOP: 1, GET_STATUS: 2, SUSPEND: 3 } as const;

/** Suspend types; the platform's own, above either default, do not exist here. */
const SuspendType = {
  RETENTIVE: 0,
  FIRST_PLATFORM_RETENTIVE: 0x1000_0000,
  LAST_PLATFORM_RETENTIVE: 0x7fff_ffff,
  NON_RETENTIVE: 0x8000_0000,
  FIRST_PLATFORM_NON_RETENTIVE: 0x9000_0000,
} as const;

const HALF_RANGE = 0x1_0000_0000;
/** A hart starts at a whole instruction: at least a compressed one must be there. */
const PARCEL_BYTES = 2;

/** The hart state management extension. */
export const HSM_EXTENSION: SbiExtension = {
  id: SbiExtensionId.HSM,
  call(functionId: number, caller: SbiCaller, host: SbiHost): void {
    switch (functionId) {
      case HsmFunction.START:
        return finish(caller, start(caller, host));
      case HsmFunction.STOP:
        return host.stopHart(caller.hart);
      case HsmFunction.GET_STATUS:
        return getStatus(caller, host);
      case HsmFunction.SUSPEND:
        return suspend(caller, host);
      default:
        return finish(caller, SbiError.NOT_SUPPORTED);
    }
  },
};

function start(caller: SbiCaller, host: SbiHost): number {
  const { A1, A2 } = ArgumentRegister;
  const hart = hartArgument(caller, host);
  if (hart < 0) return SbiError.INVALID_PARAM;
  if (!isExecutable(caller, host, A1)) return SbiError.INVALID_ADDRESS;
  const started = host.startHart(
    hart,
    caller.low(A1),
    caller.high(A1),
    caller.low(A2),
    caller.high(A2),
  );
  return started ? SbiError.SUCCESS : SbiError.ALREADY_AVAILABLE;
}

function getStatus(caller: SbiCaller, host: SbiHost): void {
  const hart = hartArgument(caller, host);
  if (hart < 0) return finish(caller, SbiError.INVALID_PARAM);
  succeed(caller, host.hartState(hart));
}

function suspend(caller: SbiCaller, host: SbiHost): void {
  const { A0, A1, A2 } = ArgumentRegister;
  const type = caller.low(A0) >>> 0;
  if (type === SuspendType.RETENTIVE) {
    succeed(caller);
    return host.suspendHart(caller.hart);
  }
  if (type !== SuspendType.NON_RETENTIVE) return finish(caller, unknownSuspendError(type));
  if (!isExecutable(caller, host, A1)) return finish(caller, SbiError.INVALID_ADDRESS);
  host.suspendHartAndRestart(
    caller.hart,
    caller.low(A1),
    caller.high(A1),
    caller.low(A2),
    caller.high(A2),
  );
}

/** Types of the platform are not supported, the ones between are reserved. */
function unknownSuspendError(type: number): number {
  const isPlatforms = type >= SuspendType.FIRST_PLATFORM_NON_RETENTIVE ||
    (type >= SuspendType.FIRST_PLATFORM_RETENTIVE && type <= SuspendType.LAST_PLATFORM_RETENTIVE);
  return isPlatforms ? SbiError.NOT_SUPPORTED : SbiError.INVALID_PARAM;
}

/** The hart id in a0, or -1 when there is no such hart. */
function hartArgument(caller: SbiCaller, host: SbiHost): number {
  const hart = caller.low(ArgumentRegister.A0);
  const exists = caller.high(ArgumentRegister.A0) === 0 && hart >= 0 && hart < host.hartCount;
  return exists ? hart : -1;
}

function isExecutable(caller: SbiCaller, host: SbiHost, register: number): boolean {
  const address = (caller.high(register) >>> 0) * HALF_RANGE + (caller.low(register) >>> 0);
  return address % PARCEL_BYTES === 0 && host.isRam(address, PARCEL_BYTES);
}
