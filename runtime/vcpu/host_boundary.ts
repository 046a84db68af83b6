/**
 * All that enters and leaves a machine whose time is counted: console bytes, break conditions, the end.
 *
 * REQUIREMENT. The guest sees nothing of when the host's threads do what they do, and nothing of how fast its output
 * is read.
 *
 * SOLUTION. Devices, firmware and host-target interface are connected to this object in place of the rings. Input
 * stays in the ring, invisible, until the thread that runs the harts takes it and shows it to the devices. Output
 * never finds its way blocked: what has no room waits here, and the thread executes nothing before it had
 * ({@linkcode HostBoundary.settle}).
 *
 * A machine that was taken back writes again what it wrote; the host gets each byte once.
 *
 * LIMITATION. Between two instructions the guest can write {@linkcode MOST_OUTPUT} bytes (a firmware call writes
 * many); the one that follows is refused, at the same place in each run.
 */
import { availableInput, awaitOutputRoom, putOutput, takeInput } from "../atomics/console_ring.ts";
import { EndReason, Machine } from "../atomics/shared_layout.ts";
import type { ConsoleSink, ConsoleSource } from "../devices/console_port.ts";
import {
  type EndReasonCode,
  type PowerControl,
  SharedPowerControl,
} from "../devices/power_control.ts";
import type { BoardDevices } from "../machine/board.ts";
import type { Ending, Outside } from "../replay/journal.ts";
import { mixed, type RollingHash } from "../replay/mixing_hash.ts";
import type { Restore, StateKeeper } from "../snapshot/state_keeper.ts";

/** Bytes that the guest writes at most from one return to the trampoline to the next. */
const MOST_OUTPUT = 0x1_0000;
/** Bytes of input that the guest can see at a time. */
const INPUT_ROOM = 0x400;
const BREAKS = Machine.BREAKS.offset >> 2;
const END_REASON = Machine.END_REASON.offset >> 2;
const EXIT_CODE = Machine.EXIT_CODE.offset >> 2;
const NOTHING = new Uint8Array(0);

/** See the header of this file. */
export class HostBoundary
  implements Outside, ConsoleSink, ConsoleSource, PowerControl, StateKeeper {
  readonly #words: Int32Array;
  readonly #power: SharedPowerControl;
  #devices: Pick<BoardDevices, "inputArrived" | "receiveBreak"> | null = null;
  /** Input that the guest can see. */
  #input: number[] = [];
  /** Output that had no room. */
  #output: number[] = [];
  #written = 0;
  /** Bytes that the guest has written since the start. */
  #outputCount = 0;
  #outputHash = 0;
  /** The most that {@linkcode HostBoundary.#outputCount} ever was. */
  #given = 0;
  #breaks = 0;
  #hasGuestEnded = false;

  /** @param words the machine's memory */
  constructor(words: Int32Array) {
    this.#words = words;
    this.#power = new SharedPowerControl(words);
  }

  /** Says whom to tell of input. */
  connect(devices: Pick<BoardDevices, "inputArrived" | "receiveBreak">): void {
    this.#devices = devices;
  }

  // --- the guest's side -----------------------------------------------------------------------------

  /** See `ConsoleSink`. */
  tryPut(byte: number): boolean {
    if (this.#written === MOST_OUTPUT) return false;
    this.#written++;
    this.#outputHash = mixed(this.#outputHash, byte);
    if (this.#outputCount++ < this.#given) return true;
    this.#given++;
    if (this.#output.length > 0 || !putOutput(this.#words, byte)) this.#output.push(byte);
    return true;
  }

  /** See `ConsoleSource`. */
  take(): number {
    return this.#input.shift() ?? -1;
  }

  /** See `ConsoleSource`. */
  available(): number {
    return this.#input.length;
  }

  /** See `PowerControl`: the guest ends the machine. */
  end(reason: EndReasonCode, exitCode: number): void {
    this.#hasGuestEnded = true;
    this.#power.end(reason, exitCode);
  }

  // --- the host's side ------------------------------------------------------------------------------

  /** See `Outside`. */
  takeInput(): Uint8Array {
    const count = Math.min(availableInput(this.#words), INPUT_ROOM - this.#input.length);
    return count <= 0 ? NOTHING : Uint8Array.from({ length: count }, () => takeInput(this.#words));
  }

  /** See `Outside`. */
  takeBreaks(): number {
    // ORDER: sc load; partner: main's add, before it rings the bell.
    const asked = Atomics.load(this.#words, BREAKS);
    const count = (asked - this.#breaks) | 0;
    this.#breaks = asked;
    return count;
  }

  /** See `Outside`. */
  giveInput(bytes: Uint8Array): void {
    this.#input.push(...bytes);
    this.#devices?.inputArrived();
  }

  /** See `Outside`. */
  giveBreak(): void {
    this.#devices?.receiveBreak();
  }

  /**
   * Before guest code runs: moves output that had no room into the ring.
   * @param hart who is posted something when there is room again
   * @returns false when there is no room for all of it yet
   */
  settle(hart: number): boolean {
    if (this.#output.length > 0) this.#drain(hart);
    if (this.#output.length > 0) return false;
    this.#written = 0;
    return true;
  }

  #drain(hart: number): void {
    let done = 0;
    while (done < this.#output.length) {
      if (putOutput(this.#words, this.#output[done])) done++;
      else if (awaitOutputRoom(this.#words, hart)) break;
    }
    this.#output = this.#output.slice(done);
  }

  /** Hash of all that the guest wrote. */
  get outputHash(): number {
    return this.#outputHash;
  }

  /** See `StateKeeper`. */
  save(): Restore {
    const input = [...this.#input];
    const [written, count, hash] = [this.#written, this.#outputCount, this.#outputHash];
    return () => {
      this.#input = [...input];
      [this.#written, this.#outputCount, this.#outputHash] = [written, count, hash];
    };
  }

  /** See `StateKeeper`. */
  addTo(hash: RollingHash): void {
    for (const word of [this.#written, this.#outputCount, this.#outputHash]) hash.add(word);
    for (const byte of [this.#input.length, ...this.#input]) hash.add(byte);
  }

  /** How the machine ended; only after it has. */
  ending(): Ending {
    // ORDER: sc loads after STOP was taken; partner: the stores in `SharedPowerControl.end`.
    const reason = Atomics.load(this.#words, END_REASON);
    const code = Atomics.load(this.#words, EXIT_CODE) >>> 0;
    const known = Object.values(EndReason).find((value) => value === reason) ?? EndReason.NONE;
    const isFromOutside = !this.#hasGuestEnded || known === EndReason.STOPPED;
    return { isFromOutside, reason: known, code };
  }

  /** Ends the machine as main does. */
  endFromOutside(reason: EndReasonCode): void {
    this.#power.end(reason, 0);
  }
}
