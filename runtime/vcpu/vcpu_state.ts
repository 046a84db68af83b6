/**
 * What a hart's future depends on between two turns: the guest's state, how much it has executed, and its words that
 * others may change. What is cached or compiled is not part of it, nor is a reservation: those end with the turn.
 */
import type { GuestFrontend } from "../../frontend/frontend.ts";
import { elementOffset } from "../../ir/guest_state.ts";
import { Control, Fault, GUEST_STATE } from "../../wasm_backend/abi/vcpu_layout.ts";
import { type SharedWord, Vcpu, vcpuWord } from "../atomics/shared_layout.ts";
import type { RollingHash } from "../replay/mixing_hash.ts";
import type { Restore, StateKeeper } from "../snapshot/state_keeper.ts";
import { WordKeeper } from "../snapshot/word_keeper.ts";
import type { VcpuMemory } from "./vcpu_memory.ts";

const WORD_SHIFT = 2;

/** Shared words of the hart that the guest sees: through interrupts, through its firmware. */
const SHARED: readonly SharedWord[] = [
  Vcpu.IRQ_LINES,
  Vcpu.HART_START,
  Vcpu.START_PC,
  Vcpu.START_ARGUMENT,
];

/** What there is of a reservation in the middle of a turn. */
const RESERVATION: readonly number[] = [
  Control.RESERVATION_ADDRESS,
  Control.RESERVATION_ADDRESS + Int32Array.BYTES_PER_ELEMENT,
  Control.RESERVATION_VALUE,
  Control.RESERVATION_VALUE + Int32Array.BYTES_PER_ELEMENT,
  Control.RESERVATION_WIDTH,
];

/** What a hart's state is made of. */
export interface VcpuStateParts {
  /** The machine's memory. */
  readonly words: Int32Array;
  /** Which hart. */
  readonly hart: number;
  /** Its private memory. */
  readonly memory: VcpuMemory;
  /** The guest. */
  readonly frontend: GuestFrontend;
}

/** See the header of this file. The hart stands still whenever it is asked. */
export class VcpuState implements StateKeeper {
  readonly #memory: VcpuMemory;
  readonly #state: Uint8Array;
  /** Words of the state, from the start of private memory, that have a meaning between instructions. */
  readonly #places: Int32Array;
  /** Its {@linkcode SHARED} words. */
  readonly #shared: WordKeeper;

  /** Of one hart. */
  constructor({ words, hart, memory, frontend }: VcpuStateParts) {
    this.#memory = memory;
    this.#state = memory.bytes.subarray(GUEST_STATE, GUEST_STATE + frontend.state.bytes);
    this.#places = meaningfulWords(frontend);
    const places = SHARED.map((word) => ({ offset: vcpuWord(hart, word), width: word.width }));
    this.#shared = new WordKeeper(words, places);
  }

  /** See `StateKeeper`. */
  save(): Restore {
    const memory = this.#memory;
    const state = this.#state.slice();
    const restoreShared = this.#shared.save();
    const [retired, hot] = [memory.retired(), memory.wideControl(Control.HOT_RETIRED)];
    return () => {
      this.#state.set(state);
      restoreShared();
      this.#setCounts(retired, hot);
      memory.setControl(Control.RESERVATION, 0);
      memory.setControl(Control.FAULT, Fault.NONE);
    };
  }

  /** See `StateKeeper`. */
  addTo(hash: RollingHash): void {
    const { words } = this.#memory;
    for (const place of this.#places) hash.add(words[place]);
    this.#shared.addTo(hash);
    hash.addNumber(this.#memory.retired());
    const isReserved = this.#memory.control(Control.RESERVATION) !== 0;
    hash.add(isReserved ? 1 : 0);
    if (isReserved) { for (const word of RESERVATION) hash.add(this.#memory.control(word)); }
  }

  #setCounts(retired: number, hot: number): void {
    const memory = this.#memory;
    memory.setWideControl(Control.RETIRED_BASE, retired);
    memory.setControl(Control.BUDGET_FILLED, 0);
    memory.setControl(Control.BUDGET, 0);
    memory.setWideControl(Control.HOT_RETIRED, hot);
  }
}

/** Indices in private memory of the words of a guest's state that have a meaning between instructions. */
export function meaningfulWords(frontend: GuestFrontend): Int32Array {
  const places: number[] = [];
  for (const slot of frontend.state.slots()) {
    for (let index = 0; index < slot.count; index++) {
      if (frontend.isScratch(slot, index)) continue;
      const low = (GUEST_STATE + elementOffset(slot, index)) >> WORD_SHIFT;
      places.push(low);
      if (slot.type === "i64") places.push(low + 1);
    }
  }
  return Int32Array.from(places);
}
