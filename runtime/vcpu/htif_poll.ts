/**
 * The host side of the host-target interface: looks at `tohost` whenever a vCPU is in its trampoline.
 */
import type { ConsoleSink } from "../devices/console_port.ts";
import { createHtifMessage, HtifRequest, inspectTohost } from "../devices/htif.ts";
import type { PowerControl } from "../devices/power_control.ts";
import { EndReason } from "../atomics/shared_layout.ts";

/** What requests act on. */
export interface HtifTargets {
  /** Host offset of the `tohost` word. */
  readonly tohost: number;
  /** What an exit request acts on. */
  readonly power: PowerControl;
  /** Where characters go. */
  readonly consoleSink: ConsoleSink;
}

/** See the header of this file. */
export class HtifPoll {
  readonly #words: Int32Array;
  readonly #low: number;
  readonly #targets: HtifTargets;
  readonly #message = createHtifMessage();

  /** Polls one machine's word. */
  constructor(words: Int32Array, targets: HtifTargets) {
    this.#words = words;
    this.#low = targets.tohost >> 2;
    this.#targets = targets;
  }

  /** Serves the request that stands in `tohost`, if there is one. */
  poll(): void {
    const words = this.#words;
    // ORDER: sc loads; partner: the guest's store of the command. A half-seen command is looked at again.
    const low = Atomics.load(words, this.#low);
    const high = Atomics.load(words, this.#low + 1);
    const kind = inspectTohost(low, high, this.#message);
    if (kind === HtifRequest.NONE) return;
    const { power, consoleSink } = this.#targets;
    if (kind === HtifRequest.CHARACTER && !consoleSink.tryPut(this.#message.value)) return;
    // ORDER: sc cmpxchg elects the one vCPU that serves the request; partner: other vCPUs' polls.
    if (Atomics.compareExchange(words, this.#low, low, this.#message.acknowledgeLow) !== low) {
      return;
    }
    Atomics.store(words, this.#low + 1, this.#message.acknowledgeHigh);
    if (kind === HtifRequest.EXIT) power.end(EndReason.GUEST_EXIT, this.#message.value);
  }
}
