/**
 * One hart as the embedding program sees it while it stands still. Integer and float registers and the program
 * counter are the vCPU's copy in shared memory, which it takes back when it goes on; control registers are
 * asked of the vCPU, because reading and writing them has effects that only the guest's own functions know.
 */

import { elementOffset, type StateSlot } from "../../ir/guest_state.ts";
import { QuestionWord, Vcpu, vcpuWord } from "../atomics/shared_layout.ts";
import { AccessError } from "./machine_error.ts";
import type { ControlRegisters, Hart } from "./machine_interface.ts";

/** Where the guest keeps what has a name of its own. */
export interface RegisterPlaces {
  /** Program counter. */
  readonly pc: StateSlot;
  /** Integer registers. */
  readonly x: StateSlot;
  /** Float registers. */
  readonly f: StateSlot;
  /** Names of the integer registers in the calling convention. */
  readonly integerNames: readonly string[];
  /** Names of the float registers. */
  readonly floatNames: readonly string[];
}

/** What a hart is made of. */
export interface HartParts {
  /** The machine's shared memory. */
  readonly words: Int32Array;
  /** Number of the hart. */
  readonly index: number;
  /** Where its registers are. */
  readonly places: RegisterPlaces;
  /** Numbers of control registers by name. */
  readonly controlRegisters: () => Promise<ReadonlyMap<string, number>>;
  /** Throws when the hart may be running; after the end registers can be looked at still. */
  readonly requireStill: (what: string) => void;
  /** Throws when nothing may be changed; null when all may. */
  readonly requireChange: ((what: string) => void) | null;
  /** Has the hart answer the question in its words, in turn with everything else that is asked of the machine. */
  readonly ask: <T>(hart: number, what: string, put: () => void, take: () => T) => Promise<T>;
}

/** See the header of this file. */
export class PausedHart implements Hart {
  /** See `Hart`. */
  readonly index: number;
  /** See `Hart`. */
  readonly csr: ControlRegisters;
  readonly #parts: HartParts;

  /** A hart of a machine. */
  constructor(parts: HartParts) {
    this.#parts = parts;
    this.index = parts.index;
    this.csr = {
      read: (name) => this.#accessControl(name, undefined),
      write: async (name, value) => void await this.#accessControl(name, value),
    };
  }

  /** See `Hart`. */
  get pc(): bigint {
    return this.#view(this.#parts.places.pc, 1)[0];
  }

  set pc(address: bigint) {
    this.#parts.requireChange?.(`the pc of hart ${this.index}`);
    this.#view(this.#parts.places.pc, 1)[0] = address;
  }

  /** See `Hart`. */
  get x(): BigUint64Array {
    const { x, integerNames } = this.#parts.places;
    return this.#view(x, integerNames.length);
  }

  /** See `Hart`. */
  get f(): BigUint64Array {
    const { f, floatNames } = this.#parts.places;
    return this.#view(f, floatNames.length);
  }

  /** See `Hart`. */
  registers(): Map<string, bigint> {
    const { integerNames, floatNames } = this.#parts.places;
    const { x, f } = this;
    return new Map([
      ["pc", this.pc],
      ...integerNames.map((name, index): [string, bigint] => [name, x[index]]),
      ...floatNames.map((name, index): [string, bigint] => [name, f[index]]),
    ]);
  }

  #view(slot: StateSlot, count: number): BigUint64Array {
    const { words, index, requireStill, requireChange } = this.#parts;
    requireStill(`registers of hart ${index}`);
    const offset = vcpuWord(index, Vcpu.REGISTERS) + elementOffset(slot, 0);
    const view = new BigUint64Array(words.buffer, offset, count);
    return requireChange === null ? view : new BigUint64Array(view);
  }

  async #accessControl(name: string, value: bigint | undefined): Promise<bigint> {
    const { words, index, ask, controlRegisters } = this.#parts;
    const what = `control register ${name} of hart ${index}`;
    if (value !== undefined) this.#parts.requireChange?.(what);
    const number = (await controlRegisters()).get(name);
    if (number === undefined) {
      throw new AccessError({
        what,
        cause: "there is none of this name",
        fix: "write the manual's name in lower case, such as mstatus",
      });
    }
    const question = new Int32Array(words.buffer, vcpuWord(index, Vcpu.QUESTION_WORDS));
    const wide = new BigUint64Array(words.buffer, vcpuWord(index, Vcpu.QUESTION_WORDS) + VALUE, 1);
    const put = (): void => {
      question[QuestionWord.NUMBER] = number;
      question[QuestionWord.WRITES] = value === undefined ? 0 : 1;
      wide[0] = value ?? 0n;
    };
    return await ask(index, what, put, () => {
      if (question[QuestionWord.REFUSED] !== 0) throw refused(what, value !== undefined);
      return wide[0];
    });
  }
}

/** Place of the value among the words of a question, in bytes. */
const VALUE = QuestionWord.VALUE_LOW * Int32Array.BYTES_PER_ELEMENT;

function refused(what: string, isWrite: boolean): AccessError {
  return new AccessError({
    what,
    cause: `the hart refuses to ${isWrite ? "write" : "read"} it, even in machine mode`,
    fix: isWrite
      ? "it can be read only, belongs to an extension that is off, or mstatus.FS is 0"
      : "it belongs to an extension that is off, or mstatus.FS is 0",
  });
}
