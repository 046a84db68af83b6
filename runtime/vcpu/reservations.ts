/**
 * The trampoline's part in load-reserved and store-conditional: pages are armed before anything on them is
 * reserved, disarmed when nothing is any more, and windows of `llsc=exclusive` run alone.
 */
import { Control } from "../../wasm_backend/abi/vcpu_layout.ts";
import { beginArming, finishArming, isMonitorFull, sweepMonitor } from "../atomics/monitor.ts";
import { ALL_HARTS } from "../atomics/remote_work.ts";
import { RemoteWork } from "../atomics/shared_layout.ts";
import type { ColdFunctions } from "./cold_instance.ts";
import type { ExclusiveSections } from "./exclusive_sections.ts";
import type { RemoteRequests } from "./remote_requests.ts";
import type { TranslationCache } from "./translation_cache.ts";
import type { VcpuMemory } from "./vcpu_memory.ts";

/** Guest instructions of an exclusive LR/SC window at most. */
const EXCLUSIVE_QUANTUM = 64;
/** Stores that locked their line before the vCPU looks which monitored pages are still needed. */
const STORES_BEFORE_SWEEP = 0x4000;

/** What reservations need of their vCPU. */
export interface ReservationParts {
  /** Shared memory. */
  readonly words: Int32Array;
  /** Private memory. */
  readonly memory: VcpuMemory;
  /** Its cold tier. */
  readonly cold: ColdFunctions;
  /** Its cached translations. */
  readonly translations: TranslationCache;
  /** Its requests to others. */
  readonly requests: RemoteRequests;
  /** Its exclusive sections. */
  readonly sections: ExclusiveSections;
}

/** See the header of this file. All methods are for the trampoline. */
export class Reservations {
  readonly #parts: ReservationParts;

  /** Reservations of one vCPU. */
  constructor(parts: ReservationParts) {
    this.#parts = parts;
  }

  /** Makes stores to a page visible to reservations; the load-reserved that asked runs again. */
  arm(): void {
    const { words, memory, translations, requests } = this.#parts;
    const page = memory.control(Control.ARM_PAGE);
    if (isMonitorFull(words)) this.#sweep(true);
    beginArming(words, page);
    requests.make(ALL_HARTS, RemoteWork.DROP_WRITE_ENTRIES);
    translations.dropWriteEntries();
    finishArming(words, page);
  }

  /** Disarms pages when this vCPU's stores have locked lines again and again. */
  sweepWhenBusy(): void {
    const stores = this.#parts.memory.control(Control.MONITORED_STORES);
    if (stores >= STORES_BEFORE_SWEEP) this.#sweep(false);
  }

  #sweep(isForAll: boolean): void {
    const { words, memory, sections } = this.#parts;
    sections.begin();
    sweepMonitor(words, isForAll);
    memory.setControl(Control.MONITORED_STORES, 0);
    sections.end();
  }

  /** Runs a window with every other vCPU in its trampoline. @returns why it came back */
  runAlone(): number {
    const { memory, cold, sections } = this.#parts;
    sections.begin();
    memory.setControl(Control.EXCLUSIVE_WINDOW, 1);
    memory.setControl(Control.COLD_ONLY, 1);
    cold.refillBudget(EXCLUSIVE_QUANTUM);
    const reason = cold.run();
    memory.setControl(Control.COLD_ONLY, 0);
    memory.setControl(Control.EXCLUSIVE_WINDOW, 0);
    memory.setControl(Control.RESERVATION, 0);
    sections.end();
    return reason;
  }
}
