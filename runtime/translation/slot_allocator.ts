/**
 * Slots of the region tables. A retired slot is used again only after every vCPU has acknowledged, in its
 * trampoline, that nothing of it refers to the slot any more.
 */
import { Machine, Vcpu, vcpuWord } from "../atomics/shared_layout.ts";
import { REGION_SLOTS } from "../../wasm_backend/abi/vcpu_layout.ts";

/** Hands out slots; used by the compiler worker alone. */
export class SlotAllocator {
  readonly #words: Int32Array;
  readonly #hartCount: number;
  readonly #free: number[] = [];
  #retiring: { readonly slots: readonly number[]; readonly ticket: number }[] = [];
  #next = 1;
  #ticket = 0;

  /** Slot 0 stands for "none". */
  constructor(words: Int32Array) {
    this.#words = words;
    // ORDER: constant after start; partner: main, before it started this worker.
    this.#hartCount = Atomics.load(words, Machine.HART_COUNT.offset >> 2);
  }

  /** A free slot, or 0 when there is none now. */
  take(): number {
    if (this.#free.length === 0) this.#reclaim();
    const reused = this.#free.pop();
    if (reused !== undefined) return reused;
    return this.#next < REGION_SLOTS ? this.#next++ : 0;
  }

  /** Starts the retirement of slots. @returns the ticket that vCPUs acknowledge. */
  retire(slots: readonly number[]): number {
    if (slots.length > 0) this.#retiring.push({ slots, ticket: ++this.#ticket });
    return this.#ticket;
  }

  /** A new ticket for a module that retires nothing, to learn when every vCPU has taken it. */
  ticket(): number {
    return ++this.#ticket;
  }

  /** Has every vCPU taken the module of this ticket? */
  isAcknowledged(ticket: number): boolean {
    return ticket <= this.#oldestAcknowledgement();
  }

  #reclaim(): void {
    const acknowledged = this.#oldestAcknowledgement();
    for (const { slots, ticket } of this.#retiring) {
      if (ticket <= acknowledged) this.#free.push(...slots);
    }
    this.#retiring = this.#retiring.filter(({ ticket }) => ticket > acknowledged);
  }

  #oldestAcknowledgement(): number {
    let oldest = Infinity;
    for (let hart = 0; hart < this.#hartCount; hart++) {
      // ORDER: sc load before a slot is used again; partner: the store in the vCPU's trampoline.
      oldest = Math.min(oldest, Atomics.load(this.#words, vcpuWord(hart, Vcpu.RETIRE_ACK) >> 2));
    }
    return oldest;
  }
}
