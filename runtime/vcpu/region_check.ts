/**
 * Check mode: every run of a region is repeated in the cold tier from the state the region started with, and
 * the first difference is reported.
 *
 * The region notes each of its memory accesses in a log. The replay is a second instance of the cold tier
 * over the same private memory whose accesses are served from that log and compared with it, so it is exact
 * also while other harts change memory, and changes nothing itself. It executes as many instructions as the
 * region did; then registers and program counter must be equal, and the region's state is kept.
 */
import type { GuestFrontend } from "../../frontend/frontend.ts";
import type { StateSlot } from "../../ir/guest_state.ts";
import { LeaveReason } from "../../wasm_backend/abi/leave_reason.ts";
import {
  ACCESS_LOG,
  Control,
  ENTRY_INDEX_BITS,
  Fault,
  GUEST_STATE,
  LOG_ENTRY_BYTES,
  LogEntry,
  Skip,
} from "../../wasm_backend/abi/vcpu_layout.ts";
import { ExitReason } from "../../ir/exit_reason.ts";
import type { RegionCatalog } from "../translation/region_catalog.ts";
import type { ColdFunctions } from "./cold_instance.ts";
import type { VcpuMemory } from "./vcpu_memory.ts";

/** What the check works with. */
export interface RegionCheckParts {
  /** Private memory. */
  readonly memory: VcpuMemory;
  /** The guest. */
  readonly frontend: GuestFrontend;
  /** The cold tier that executes. */
  readonly cold: ColdFunctions;
  /** The cold tier that replays. */
  readonly replay: ColdFunctions;
  /** Regions by slot, with their reports. */
  readonly catalog: RegionCatalog;
}

/** A region did something else than the cold tier. */
export class RegionMismatch extends Error {
  /** Name of the error class. */
  override readonly name = "RegionMismatch";
}

/** Nothing is left for the trampoline to do but to go on. */
export const GO_ON = -1;

/** See the header of this file. */
export class RegionCheck {
  readonly #parts: RegionCheckParts;
  readonly #stateStart = GUEST_STATE >> 2;
  readonly #before: Int32Array;
  readonly #after: Int32Array;

  /** A check for one vCPU. */
  constructor(parts: RegionCheckParts) {
    this.#parts = parts;
    this.#before = new Int32Array(parts.frontend.state.bytes >> 2);
    this.#after = new Int32Array(parts.frontend.state.bytes >> 2);
  }

  /**
   * Runs the region that `run` stopped in front of, and its replay.
   * @returns a leave reason for the trampoline, or {@linkcode GO_ON}.
   * @throws {RegionMismatch} when they differ.
   */
  run(): number {
    const { memory, cold } = this.#parts;
    const { words } = memory;
    const target = memory.control(Control.CHECK_TARGET);
    memory.setControl(Control.LOG_POSITION, 0);
    this.#save(this.#before);
    const budget = memory.control(Control.BUDGET);
    const isLeave = cold.enterRegion(target) !== 0;
    const reason = memory.control(Control.REASON);
    const executed = budget - memory.control(Control.BUDGET);
    this.#save(this.#after);
    const isPure = memory.control(Control.RESERVATION_PURE);
    if (executed > 0) this.#replay(target, executed, budget);
    memory.setControl(Control.RESERVATION_PURE, isPure);
    words.set(this.#after, this.#stateStart);
    memory.setControl(Control.BUDGET, budget - executed);
    return isLeave ? this.#afterLeave(reason) : GO_ON;
  }

  #save(into: Int32Array): void {
    into.set(this.#parts.memory.words.subarray(this.#stateStart, this.#stateStart + into.length));
  }

  #afterLeave(reason: number): number {
    const { memory } = this.#parts;
    switch (reason) {
      case ExitReason.REFRESH:
        return GO_ON;
      case LeaveReason.COLD_STEP:
      case LeaveReason.UNMAPPED:
        memory.setControl(Control.SKIP, Skip.HEAT);
        return GO_ON;
      case LeaveReason.DEAD:
        memory.setControl(Control.SKIP, Skip.FORGET_REGION);
        return GO_ON;
      default:
        return reason;
    }
  }

  #replay(target: number, executed: number, budget: number): void {
    const { memory, replay } = this.#parts;
    memory.words.set(this.#before, this.#stateStart);
    memory.setControl(Control.LOG_REPLAY, 0);
    memory.setControl(Control.LOG_MISMATCH, 0);
    memory.setControl(Control.COLD_ONLY, 1);
    memory.setControl(Control.BUDGET, executed);
    // The instructions that end a region for the host (calls, fences) stop the replay too: they were executed.
    const reason = replay.run();
    memory.setControl(Control.COLD_ONLY, 0);
    memory.setControl(Control.FAULT, Fault.NONE);
    const problem = this.#difference(reason, executed);
    memory.setControl(Control.BUDGET, budget - executed);
    if (problem !== null) throw new RegionMismatch(this.#report(target, executed, problem));
  }

  #difference(reason: number, executed: number): string | null {
    const { memory } = this.#parts;
    const mismatch = memory.control(Control.LOG_MISMATCH);
    if (mismatch !== 0) return this.#accessText(mismatch - 1);
    const left = memory.control(Control.BUDGET);
    if (left !== 0) {
      return `the replay stopped ${left} of ${executed} instructions early, reason ${reason}`;
    }
    const logged = memory.control(Control.LOG_POSITION);
    const replayed = memory.control(Control.LOG_REPLAY);
    if (logged !== replayed) return `the region made ${logged} accesses, the replay ${replayed}`;
    return this.#stateDifference();
  }

  #stateDifference(): string | null {
    const { frontend } = this.#parts;
    const lines: string[] = [];
    for (const slot of frontend.state.slots()) {
      for (let index = 0; index < slot.count; index++) {
        if (!frontend.isScratch(slot, index)) this.#compareElement(slot, index, lines);
      }
    }
    return lines.length === 0 ? null : lines.join("\n");
  }

  #compareElement(slot: StateSlot, index: number, lines: string[]): void {
    const { words } = this.#parts.memory;
    const at = this.#parts.memory.stateIndex(slot, index);
    const own = at - this.#stateStart;
    const high = slot.type === "i64" ? 1 : 0;
    if (words[at] === this.#after[own] && words[at + high] === this.#after[own + high]) return;
    const before = hex(this.#before[own], this.#before[own + 1]);
    const region = hex(this.#after[own], this.#after[own + 1]);
    const cold = hex(words[at], words[at + 1]);
    lines.push(`${slot.name}[${index}]: before ${before}, region ${region}, cold tier ${cold}`);
  }

  #accessText(index: number): string {
    const { words } = this.#parts.memory;
    const at = (ACCESS_LOG + index * LOG_ENTRY_BYTES) >> 2;
    const address = at + (LogEntry.ADDRESS >> 2);
    const operand = at + (LogEntry.OPERAND >> 2);
    const kind = words[at + (LogEntry.KIND >> 2)];
    return `access ${index} differs: the region's is of kind ${kind & 0xff}, ${
      kind >> LogEntry.WIDTH_SHIFT
    } bytes at ` +
      `${hex(words[address], words[address + 1])}, operand ${
        hex(words[operand], words[operand + 1])
      }`;
  }

  #report(target: number, executed: number, problem: string): string {
    const { catalog, frontend, memory } = this.#parts;
    const slot = target >>> ENTRY_INDEX_BITS;
    const entry = target & ((1 << ENTRY_INDEX_BITS) - 1);
    const pc = memory.stateIndex(frontend.pc) - this.#stateStart;
    const region = catalog.region(slot);
    return [
      `Region ${slot}, entry ${entry} at ${
        hex(this.#before[pc], this.#before[pc + 1])
      }, differs from the cold tier ` +
      `after ${executed} instructions:`,
      problem,
      region?.report ?? "",
    ].join("\n");
  }
}

function hex(low: number, high: number): string {
  const half = (word: number): string => (word >>> 0).toString(16).padStart(8, "0");
  return half(high) + half(low);
}
