/** Fences of address translations that other harts ask for: what they cover is dropped as the guest's own fences do it. */
import type { FlushScope } from "../../frontend/frontend.ts";
import { ALL_SPACES, type TranslationFence } from "../atomics/translation_fences.ts";
import { PAGE_BYTES } from "../atomics/shared_layout.ts";
import type { VcpuMemory } from "./vcpu_memory.ts";

/** Bits of the operand that says what a fence covers; `FlushScope` documents it. */
const Scope = { ADDRESS: 1, SPACE: 2 } as const;

/** See the header of this file. For the trampoline. */
export class RemoteFences {
  readonly #memory: VcpuMemory;
  readonly #operands: readonly number[];
  readonly #saved: Int32Array;
  readonly #drop: () => void;

  /** @param drop what the guest's fence does with the operands that stand in its state */
  constructor(memory: VcpuMemory, { address, space, scope }: FlushScope, drop: () => void) {
    this.#memory = memory;
    this.#operands = [address, space, scope].map((slot) => memory.stateIndex(slot));
    this.#saved = new Int32Array(2 * this.#operands.length);
    this.#drop = drop;
  }

  /** Drops what a fence covers, page by page; the guest's own operands stay, its fence may be next. */
  apply({ addressLow, addressHigh, pages, space }: Readonly<TranslationFence>): void {
    const { words } = this.#memory;
    const [address, number, scope] = this.#operands;
    this.#save();
    words[scope] = (pages > 0 ? Scope.ADDRESS : 0) | (space === ALL_SPACES ? 0 : Scope.SPACE);
    words[number] = space;
    words[address] = addressLow;
    words[address + 1] = addressHigh;
    for (let page = 0; page < Math.max(pages, 1); page++) {
      if (page > 0) this.#nextPage(address);
      this.#drop();
    }
    this.#restore();
  }

  #nextPage(address: number): void {
    const { words } = this.#memory;
    words[address] += PAGE_BYTES;
    if (words[address] >>> 0 < PAGE_BYTES) words[address + 1]++;
  }

  #save(): void {
    const { words } = this.#memory;
    this.#operands.forEach((at, index) => {
      this.#saved[2 * index] = words[at];
      this.#saved[2 * index + 1] = words[at + 1];
    });
  }

  #restore(): void {
    const { words } = this.#memory;
    this.#operands.forEach((at, index) => {
      words[at] = this.#saved[2 * index];
      words[at + 1] = this.#saved[2 * index + 1];
    });
  }
}
