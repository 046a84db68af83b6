/**
 * What others may do to a vCPU that stands still: its registers lie copied in shared memory, to be read and
 * written there, and control registers are read and written through the guest's own function, with their rules
 * and effects.
 */
import type { GuestFrontend } from "../../frontend/frontend.ts";
import { Control, GUEST_STATE } from "../../wasm_backend/abi/vcpu_layout.ts";
import { isToStandStill } from "../atomics/pause.ts";
import { take } from "../atomics/pending.ts";
import {
  Pending,
  QuestionWord,
  REGISTER_COPY_BYTES,
  Vcpu,
  vcpuWord,
} from "../atomics/shared_layout.ts";
import type { ColdFunctions } from "./cold_instance.ts";
import type { VcpuMemory } from "./vcpu_memory.ts";

const HALF_BITS = 32n;

/** What a paused vCPU is made of. */
export interface PausedVcpuParts {
  /** The machine's memory. */
  readonly words: Int32Array;
  /** The hart. */
  readonly hart: number;
  /** Its private memory. */
  readonly memory: VcpuMemory;
  /** The guest. */
  readonly frontend: GuestFrontend;
  /** The vCPU's cold tier. */
  readonly cold: ColdFunctions;
  /** Drops all translations: a control register that they depend on may have changed. */
  readonly dropTranslations: () => void;
  /** Does nobody write registers or memory in a pause? */
  readonly isUntouched: boolean;
}

/** See the header of this file. */
export class PausedVcpu {
  readonly #parts: PausedVcpuParts;
  readonly #state: Uint8Array;
  readonly #copy: Uint8Array;
  readonly #question: Int32Array;
  readonly #answer: () => void;
  /** Bits that were taken since the standstill began. */
  #gathered = 0;
  #isStanding = false;

  /** Of a vCPU that runs. */
  constructor(parts: PausedVcpuParts) {
    const { words, hart, memory, frontend } = parts;
    const { bytes } = frontend.state;
    if (bytes > REGISTER_COPY_BYTES) throw new RangeError(`Cannot copy ${bytes} bytes of state`);
    this.#parts = parts;
    this.#state = memory.bytes.subarray(GUEST_STATE, GUEST_STATE + bytes);
    this.#copy = new Uint8Array(words.buffer, vcpuWord(hart, Vcpu.REGISTERS), bytes);
    this.#question = new Int32Array(words.buffer, vcpuWord(hart, Vcpu.QUESTION_WORDS));
    this.#answer = () => this.#answerQuestion();
  }

  /** Does the vCPU stand still? It is IDLE then, until {@linkcode PausedVcpu.mayGoOn} says otherwise. */
  get isStanding(): boolean {
    return this.#isStanding;
  }

  /** Bits that were taken with PAUSE and while the vCPU stood still, to be handled when it goes on. */
  get gathered(): number {
    return this.#gathered & ~Pending.PAUSE;
  }

  /** Begins a standstill, with the bits that were taken together with PAUSE; the vCPU then goes IDLE. */
  begin(taken: number): void {
    this.copyOut();
    this.#gathered = taken;
    this.#isStanding = true;
  }

  /** One look while the vCPU stands still. @returns false when it is to sleep until it is posted something */
  mayGoOn(): boolean {
    const { words, hart } = this.#parts;
    this.#gathered |= take(words, hart);
    if (isToStandStill(words, hart, this.#gathered, this.#answer)) return false;
    this.#copyIn();
    this.#isStanding = false;
    return true;
  }

  /** Shows the registers to others: before a standstill, and after the last instruction. */
  copyOut(): void {
    this.#copy.set(this.#state);
  }

  /** A store-conditional behind a pause fails, where others may have written memory meanwhile. */
  #copyIn(): void {
    const { memory, frontend, isUntouched } = this.#parts;
    this.#state.set(this.#copy);
    for (const { slot, index } of frontend.constantElements) memory.setState(slot, index, 0n);
    if (!isUntouched) memory.setControl(Control.RESERVATION, 0);
  }

  #answerQuestion(): void {
    this.#copyIn();
    this.#accessControlRegister();
    this.copyOut();
  }

  #accessControlRegister(): void {
    const { memory, frontend, cold, dropTranslations } = this.#parts;
    const { write, read, refused, result, privilege, highest } = frontend.controlRegisters;
    const question = this.#question;
    const writes = question[QuestionWord.WRITES];
    const low = BigInt(question[QuestionWord.VALUE_LOW] >>> 0);
    const value = BigInt.asIntN(64, BigInt(question[QuestionWord.VALUE_HIGH]) << HALF_BITS | low);
    const own = memory.words[memory.stateIndex(privilege)];
    memory.words[memory.stateIndex(privilege)] = highest;
    const operation = writes === 1 ? write : read;
    const status = cold.controlAccess(question[QuestionWord.NUMBER], operation, writes, value);
    memory.words[memory.stateIndex(privilege)] = own;
    if (writes === 1) dropTranslations();
    question[QuestionWord.REFUSED] = status === refused ? 1 : 0;
    question[QuestionWord.VALUE_LOW] = memory.words[memory.stateIndex(result)];
    question[QuestionWord.VALUE_HIGH] = memory.words[memory.stateIndex(result) + 1];
  }
}
