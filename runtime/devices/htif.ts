/**
 * Host-target interface: two 64-bit words in guest RAM, `tohost` and `fromhost`, at addresses that the guest
 * program's symbols give. The guest stores a command into `tohost` and waits until the host has cleared it.
 *
 * The words lie in RAM, so no device window sees the store: the runtime reads `tohost`, asks
 * {@linkcode inspectTohost} what it means, acts, and stores the acknowledgement. Supported are the commands
 * that bare-metal programs use: exit through the system-call device, and console output.
 *
 * Thread safety: pure function of one word; the runtime decides which thread polls.
 */

/** Kinds of request in a `tohost` word. */
export const HtifRequest = {
  /** Nothing asked: the word is zero. */
  NONE: 0,
  /** The guest ends with exit code `value`. */
  EXIT: 1,
  /** The guest prints the byte `value`. */
  CHARACTER: 2,
  /** A command that this host does not have; it is acknowledged so that the guest goes on. */
  UNSUPPORTED: 3,
} as const;

/** One of the values of {@linkcode HtifRequest}. */
export type HtifRequestKind = (typeof HtifRequest)[keyof typeof HtifRequest];

/** A decoded `tohost` word; the poller keeps one and reuses it. */
export interface HtifMessage {
  /** What is asked. */
  kind: HtifRequestKind;
  /** Exit code or byte. */
  value: number;
  /** What to store into `tohost` when the request was carried out: both halves, low first. */
  acknowledgeLow: number;
  /** High half of the acknowledgement. */
  acknowledgeHigh: number;
}

const DEVICE_SHIFT = 24;
const COMMAND_SHIFT = 16;
const COMMAND_MASK = 0xff;
const PAYLOAD_HIGH_MASK = 0xffff;
const BYTE_MASK = 0xff;

const SYSTEM_CALL_DEVICE = 0;
const CONSOLE_DEVICE = 1;
const SYSTEM_CALL_COMMAND = 0;
const CONSOLE_WRITE_COMMAND = 1;

const EXIT_SHIFT = 1;
const HIGH_TO_EXIT_SHIFT = 31;

/** Makes a message record to be filled by {@linkcode inspectTohost}. */
export function createHtifMessage(): HtifMessage {
  return { kind: HtifRequest.NONE, value: 0, acknowledgeLow: 0, acknowledgeHigh: 0 };
}

/** Decodes a `tohost` word, given as two i32 halves, into `message`. */
export function inspectTohost(low: number, high: number, message: HtifMessage): HtifRequestKind {
  message.value = 0;
  message.acknowledgeLow = 0;
  message.acknowledgeHigh = 0;
  message.kind = kindOf(low, high);
  if (message.kind === HtifRequest.EXIT) message.value = exitCode(low, high);
  if (message.kind === HtifRequest.CHARACTER) message.value = low & BYTE_MASK;
  return message.kind;
}

function kindOf(low: number, high: number): HtifRequestKind {
  if (low === 0 && high === 0) return HtifRequest.NONE;
  const device = high >>> DEVICE_SHIFT;
  const command = (high >>> COMMAND_SHIFT) & COMMAND_MASK;
  if (device === SYSTEM_CALL_DEVICE && command === SYSTEM_CALL_COMMAND && (low & 1) === 1) {
    return HtifRequest.EXIT;
  }
  if (device === CONSOLE_DEVICE && command === CONSOLE_WRITE_COMMAND) return HtifRequest.CHARACTER;
  return HtifRequest.UNSUPPORTED;
}

/** The payload without its lowest bit; a process exit code keeps 32 bits of it. */
function exitCode(low: number, high: number): number {
  return (low >>> EXIT_SHIFT) | ((high & PAYLOAD_HIGH_MASK) << HIGH_TO_EXIT_SHIFT);
}
