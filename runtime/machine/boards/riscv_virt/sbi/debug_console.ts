/** "Debug Console Extension": bytes to and from the console, never waiting. */

import type { SbiCaller, SbiHost } from "./sbi_host.ts";
import { ArgumentRegister } from "./sbi_host.ts";
import { SbiError, SbiExtensionId } from "./sbi_codes.ts";
import { finish, type SbiExtension, succeed } from "./sbi_extension.ts";

const ConsoleFunction = { WRITE: 0, READ: 1, WRITE_BYTE: 2 } as const;

const HALF_RANGE = 0x1_0000_0000;
const BYTE_MASK = 0xff;
/** No buffer: the range that the caller gave is not guest RAM. */
const NO_BUFFER = -1;

/** The debug console extension. */
export const DEBUG_CONSOLE_EXTENSION: SbiExtension = {
  id: SbiExtensionId.DEBUG_CONSOLE,
  call(functionId: number, caller: SbiCaller, host: SbiHost): void {
    switch (functionId) {
      case ConsoleFunction.WRITE:
        return write(caller, host);
      case ConsoleFunction.READ:
        return read(caller, host);
      case ConsoleFunction.WRITE_BYTE:
        return writeByte(caller, host);
      default:
        return finish(caller, SbiError.NOT_SUPPORTED);
    }
  },
};

function write(caller: SbiCaller, host: SbiHost): void {
  const address = bufferAddress(caller, host);
  if (address === NO_BUFFER) return finish(caller, SbiError.INVALID_PARAM);
  const bytes = caller.low(ArgumentRegister.A0) >>> 0;
  let done = 0;
  while (done < bytes && host.consolePut(host.readGuest(address + done))) done += 1;
  succeed(caller, done);
}

function read(caller: SbiCaller, host: SbiHost): void {
  const address = bufferAddress(caller, host);
  if (address === NO_BUFFER) return finish(caller, SbiError.INVALID_PARAM);
  const bytes = caller.low(ArgumentRegister.A0) >>> 0;
  let done = 0;
  while (done < bytes) {
    const byte = host.consoleTake();
    if (byte < 0) break;
    host.writeGuest(address + done, byte);
    done += 1;
  }
  succeed(caller, done);
}

/** The specification lets this one wait; failing lets the caller decide. */
function writeByte(caller: SbiCaller, host: SbiHost): void {
  const sent = host.consolePut(caller.low(ArgumentRegister.A0) & BYTE_MASK);
  finish(caller, sent ? SbiError.SUCCESS : SbiError.FAILED);
}

/** Address of the buffer of a0 bytes that a1 (low) and a2 (high) give, checked to be RAM. */
function bufferAddress(caller: SbiCaller, host: SbiHost): number {
  const { A0, A1, A2 } = ArgumentRegister;
  const isWide = caller.high(A0) !== 0 || caller.low(A2) !== 0 || caller.high(A2) !== 0;
  const address = (caller.high(A1) >>> 0) * HALF_RANGE + (caller.low(A1) >>> 0);
  const bytes = caller.low(A0) >>> 0;
  return !isWide && host.isRam(address, bytes) ? address : NO_BUFFER;
}
