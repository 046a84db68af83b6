/**
 * Host-target interface: two 64-bit words in guest RAM, `tohost` and `fromhost`, at addresses that the guest
 * program's symbols give. The guest stores a command into `tohost` and waits until the host has cleared it.
 *
 * The words lie in RAM, so no device window sees the store: the runtime reads `tohost`, asks
 * {@linkcode inspectTohost} what it means, acts, and stores the acknowledgement. Supported are the commands
 * that bare-metal programs use: exit and system calls through the system-call device, and the console.
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
  /** The guest asks for a byte of console input. */
  READ: 4,
  /** The guest makes the system call that is described at the physical address `value`. */
  SYSTEM_CALL: 5,
} as const;

/** One of the values of {@linkcode HtifRequest}. */
export type HtifRequestKind = (typeof HtifRequest)[keyof typeof HtifRequest];

/** A decoded `tohost` word; the poller keeps one and reuses it. */
export interface HtifMessage {
  /** What is asked. */
  kind: HtifRequestKind;
  /** Exit code, byte or address. */
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
const CONSOLE_READ_COMMAND = 0;
const CONSOLE_WRITE_COMMAND = 1;
/** Says in an answer to a read that there is a byte. */
const HAS_BYTE = 0x100;
const HALF_RANGE = 0x1_0000_0000;

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
  if (message.kind === HtifRequest.SYSTEM_CALL) message.value = address(low, high);
  return message.kind;
}

function kindOf(low: number, high: number): HtifRequestKind {
  if (low === 0 && high === 0) return HtifRequest.NONE;
  const device = high >>> DEVICE_SHIFT;
  const command = (high >>> COMMAND_SHIFT) & COMMAND_MASK;
  if (device === SYSTEM_CALL_DEVICE && command === SYSTEM_CALL_COMMAND) {
    return (low & 1) === 1 ? HtifRequest.EXIT : HtifRequest.SYSTEM_CALL;
  }
  if (device === CONSOLE_DEVICE && command === CONSOLE_WRITE_COMMAND) return HtifRequest.CHARACTER;
  if (device === CONSOLE_DEVICE && command === CONSOLE_READ_COMMAND) return HtifRequest.READ;
  return HtifRequest.UNSUPPORTED;
}

function address(low: number, high: number): number {
  return (high & PAYLOAD_HIGH_MASK) * HALF_RANGE + (low >>> 0);
}

/** Halves of the `fromhost` word that answers a read with a byte. */
export function inputAnswer(byte: number): { readonly low: number; readonly high: number } {
  return { low: HAS_BYTE | byte, high: CONSOLE_DEVICE << DEVICE_SHIFT };
}

/** Halves of the `fromhost` word that answers a system call. */
export const SYSTEM_CALL_ANSWER: { readonly low: number; readonly high: number } = {
  low: 1,
  high: 0,
};

/** The payload without its lowest bit; a process exit code keeps 32 bits of it. */
function exitCode(low: number, high: number): number {
  return (low >>> EXIT_SHIFT) | ((high & PAYLOAD_HIGH_MASK) << HIGH_TO_EXIT_SHIFT);
}
