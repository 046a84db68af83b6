/**
 * One vCPU's private memory as TypeScript sees it. 64-bit elements are read and written as two halves: no
 * BigInt in the trampoline.
 */
import { elementOffset, type StateSlot } from "../../ir/guest_state.ts";
import { Control, GUEST_STATE, VCPU_MEMORY_PAGES } from "../../wasm_backend/abi/vcpu_layout.ts";

const HALF_RANGE = 0x1_0000_0000;

/** See the header of this file. */
export class VcpuMemory {
  /** The memory. */
  readonly memory = new WebAssembly.Memory({
    initial: VCPU_MEMORY_PAGES,
    maximum: VCPU_MEMORY_PAGES,
  });
  /** All of it as 32-bit words. */
  readonly words = new Int32Array(this.memory.buffer);
  /** All of it as 16-bit words. */
  readonly halves = new Uint16Array(this.memory.buffer);
  /** All of it as bytes. */
  readonly bytes = new Uint8Array(this.memory.buffer);

  /** Reads a control word. */
  control(offset: number): number {
    return this.words[offset >> 2];
  }

  /** Writes a control word. */
  setControl(offset: number, value: number): void {
    this.words[offset >> 2] = value;
  }

  /** Index in {@linkcode VcpuMemory.words} of the low half of a state element. */
  stateIndex(slot: StateSlot, index = 0): number {
    return (GUEST_STATE + elementOffset(slot, index)) >> 2;
  }

  /** Writes a state element, any 64-bit number. For start-up only. */
  setState(slot: StateSlot, index: number, value: bigint): void {
    const at = this.stateIndex(slot, index);
    this.words[at] = Number(BigInt.asIntN(32, value));
    this.words[at + 1] = Number(BigInt.asIntN(32, value >> 32n));
  }

  /** An unsigned 64-bit control word as a number, exact below 2^53. */
  wideControl(offset: number): number {
    const at = offset >> 2;
    return (this.words[at + 1] >>> 0) * HALF_RANGE + (this.words[at] >>> 0);
  }

  /** Writes an unsigned number below 2^53 into a 64-bit control word. */
  setWideControl(offset: number, value: number): void {
    const at = offset >> 2;
    this.words[at] = value | 0;
    this.words[at + 1] = Math.floor(value / HALF_RANGE) | 0;
  }

  /** Guest instructions this vCPU has retired. */
  retired(): number {
    const used = this.control(Control.BUDGET_FILLED) - this.control(Control.BUDGET);
    return this.wideControl(Control.RETIRED_BASE) + used;
  }
}
