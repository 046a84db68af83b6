/**
 * From guest code to a region: finds the blocks that direct branches and jumps reach from a hot address,
 * lifts them, and joins them. Short callees are lifted in place of the call; other calls stay calls, and the
 * region goes on behind them when they return as expected. A computed jump goes on inside the region where it
 * was seen to go before.
 *
 * Offsets are distances in bytes from the region's origin, the page of the hot address. Code that lies on
 * pages the reader does not know ends the region there.
 */
import { type AccessOrders, UNORDERED } from "../../../ir/memory_order.ts";
import { Builder } from "../../../ir/builder.ts";
import { ExitReason } from "../../../ir/exit_reason.ts";
import { type Block, Region, type Terminator, type Value } from "../../../ir/region.ts";
import type { CodeReader, RegionRequest } from "../../frontend.ts";
import { type Decoder, instructionLength, joinParcels } from "../decoder.ts";
import type { DecodedInstruction } from "../instruction.ts";
import { boundModeOf } from "../privileged/mode.ts";
import { ROWS } from "../rows.ts";
import { CallFrame } from "./call_frame.ts";
import { BRANCHES, type Flow } from "./flow.ts";
import { type CallableCode, type InlineCandidate, inlineCandidate } from "./inline_candidate.ts";
import { type BoundMode, LiftContext } from "./lift_context.ts";
import { isPureWindow, type WindowCode } from "./reservation_window.ts";

const PAGE_BYTES = 4096;
/** An offset where no block starts. */
const NOWHERE = NaN;
/** Registers that hold return addresses by convention. */
const LINK_REGISTERS: ReadonlySet<number> = new Set([1, 5]);

/** Extensions whose instructions read or change more than registers and memory. */
const STEPPED_SINGLY: ReadonlySet<string> = new Set(["zicsr", "zicbom"]);

/** Deepest nesting of inlined calls. */
const INLINE_DEPTH = 3;

/** What block discovery needs of a row. */
interface RowFact {
  /** Does the instruction always leave the region? */
  readonly leaves: boolean;
  /** Is the instruction register work alone? */
  readonly isPure: boolean;
}

const NO_REGISTER_WORK: ReadonlySet<string> = new Set([
  "guest.load",
  "guest.store",
  "guest.rmw",
  "guest.load_reserved",
  "guest.cmpxchg",
  "call",
  "call_unless",
  "guest.fence",
  "leave_if",
  "trap_if",
]);

/** Facts from the unbound handlers: what they do, whatever their fields. Each row is lifted once, when used. */
export class RowFacts {
  readonly #facts = new Map<number, RowFact>();
  readonly #handler: (row: number) => Region;

  /** @param handler lifts a row without operands */
  constructor(handler: (row: number) => Region) {
    this.#handler = handler;
  }

  /** Facts of a row. */
  of(row: number): RowFact {
    let fact = this.#facts.get(row);
    if (fact === undefined) {
      fact = factOf(this.#handler(row));
      this.#facts.set(row, fact);
    }
    return fact;
  }
}

function factOf({ blocks: [{ operations, terminator }] }: Region): RowFact {
  const leaves = ["exit", "trap"].includes(terminator?.kind ?? "");
  const isPure = operations.every(({ opcode }) => !NO_REGISTER_WORK.has(opcode));
  return { leaves, isPure: isPure && !leaves };
}

/** A place that discovery still has to look at. */
interface Place {
  readonly frame: CallFrame;
  readonly offset: number;
}

/** Lifts one region. */
export class RegionLifter {
  readonly #decoder: Decoder;
  readonly #facts: RowFacts;
  readonly #request: RegionRequest;
  readonly #orders: AccessOrders;
  readonly #mode: BoundMode;
  readonly #instructions = new Map<number, DecodedInstruction>();
  readonly #candidates = new Map<number, InlineCandidate | null>();
  readonly #root = new CallFrame(null);
  readonly #entryOffsets = new Set<number>();
  readonly #region: Region;
  /** Instructions of the region's own function. */
  readonly #own = new Set<number>();
  /** Number of instructions of callees that stand in the region besides. */
  #inlined = 0;

  /** Prepares the lifting of what the request names. */
  constructor(
    decoder: Decoder,
    facts: RowFacts,
    request: RegionRequest,
    orders: AccessOrders = UNORDERED,
  ) {
    this.#orders = orders;
    this.#decoder = decoder;
    this.#facts = facts;
    this.#request = request;
    this.#mode = boundModeOf(request.modeKey);
    this.#region = new Region(`region_${request.entryOffset.toString(16)}`, "region");
  }

  /** The region, with an entry at the request's offset first. */
  lift(): Region {
    this.#discover();
    for (const frame of this.#root.all()) {
      const offsets = [...frame.leaders].sort((a, b) => a - b);
      for (const offset of offsets) frame.blocks.set(offset, this.#region.addBlock());
    }
    for (const frame of this.#root.all()) {
      for (const offset of frame.blocks.keys()) this.#liftBlock(frame, offset);
    }
    this.#addEntries();
    return this.#region;
  }

  // --- discovery ------------------------------------------------------------------------------------

  #discover(): void {
    const { entryOffset, instructionLimit } = this.#request;
    const pending: Place[] = [{ frame: this.#root, offset: entryOffset }];
    this.#entryOffsets.add(entryOffset);
    for (let head = 0; head < pending.length; head++) {
      const { frame, offset } = pending[head];
      if (frame.leaders.has(offset)) continue;
      if (this.#size >= instructionLimit && !this.#isCounted(frame, offset)) continue;
      if (!this.#isWanted(frame, offset) || this.#decode(offset) === null) continue;
      frame.leaders.add(offset);
      this.#follow(frame, offset, pending);
    }
  }

  get #size(): number {
    return this.#own.size + this.#inlined;
  }

  /** Callees are counted as a whole when they are chosen. */
  #isCounted(frame: CallFrame, offset: number): boolean {
    return frame !== this.#root || this.#own.has(offset);
  }

  /** The hot address itself always is; a callee is lifted even if it has a region of its own. */
  #isWanted(frame: CallFrame, offset: number): boolean {
    const { code, entryOffset } = this.#request;
    if (frame !== this.#root) return code.wasExecuted(offset);
    return offset === entryOffset || code.isWanted(offset);
  }

  /** Walks straight on from a leader and collects where its end may go. */
  #follow(frame: CallFrame, leader: number, pending: Place[]): void {
    for (let offset = leader;;) {
      const instruction = this.#decode(offset);
      if (instruction === null) return;
      if (frame === this.#root) this.#own.add(offset);
      const next = offset + instruction.length;
      const flow = this.#flow(instruction, offset);
      if (flow !== "next") {
        for (const target of this.#continuations(frame, flow, offset, instruction)) {
          pending.push(target);
        }
        return;
      }
      if (frame.leaders.has(next)) return;
      offset = next;
    }
  }

  #continuations(
    frame: CallFrame,
    flow: Flow,
    offset: number,
    instruction: DecodedInstruction,
  ): Place[] {
    const next = { frame, offset: offset + instruction.length };
    const target = { frame, offset: offset + instruction.imm };
    switch (flow) {
      case "branch":
      case "jump":
        if (target.offset <= offset) this.#addEntry(frame, target.offset);
        return flow === "jump" ? [target] : [target, next];
      case "call": {
        this.#addEntry(frame, next.offset);
        const callee = this.#inline(frame, offset, instruction);
        return callee === null ? [next] : [next, { frame: callee, offset: target.offset }];
      }
      case "indirect call":
        this.#addEntry(frame, next.offset);
        return [next];
      case "indirect":
        return this.#computedTargets(frame, offset).map((at) => ({ frame, offset: at }));
      default:
        return [];
    }
  }

  /** Only the region's own function is entered from outside. */
  #addEntry(frame: CallFrame, offset: number): void {
    if (frame === this.#root) this.#entryOffsets.add(offset);
  }

  /** Where a computed jump of the region's own function may go. */
  #computedTargets(frame: CallFrame, offset: number): readonly number[] {
    return frame === this.#root ? this.#request.code.computedTargets(offset) : [];
  }

  /** The frame of a callee that is to be lifted in place of the call, or null. */
  #inline(caller: CallFrame, offset: number, call: DecodedInstruction): CallFrame | null {
    if (caller.depth >= INLINE_DEPTH) return null;
    const candidate = this.#candidate(offset + call.imm, call.rd);
    if (candidate === null) return null;
    if (this.#size + candidate.instructions > this.#request.instructionLimit) return null;
    this.#inlined += candidate.instructions;
    const link = offset + call.length;
    const callee = new CallFrame({ caller, link, keepsLink: candidate.keepsLink });
    caller.callees.set(offset, callee);
    return callee;
  }

  #candidate(entry: number, linkRegister: number): InlineCandidate | null {
    const known = this.#candidates.get(entry);
    if (known !== undefined) return known;
    const candidate = inlineCandidate(this.#callable, entry, linkRegister);
    this.#candidates.set(entry, candidate);
    return candidate;
  }

  readonly #callable: CallableCode = {
    instructionAt: (offset) => this.#decode(offset),
    flowOf: (instruction, offset) => this.#flow(instruction, offset),
    wasExecuted: (offset) => this.#request.code.wasExecuted(offset),
    reserves: ({ row }) => ROWS[row].name.startsWith("lr."),
  };

  readonly #windowCode: WindowCode = {
    instructionAt: (offset) => this.#decode(offset),
    isRegisterWork: ({ row }) => this.#facts.of(row).isPure,
  };

  #decode(offset: number): DecodedInstruction | null {
    const known = this.#instructions.get(offset);
    if (known !== undefined) return known;
    const first = this.#request.code.parcel(offset);
    if (first < 0) return null;
    const second = instructionLength(first) === 2 ? 0 : this.#request.code.parcel(offset + 2);
    if (second < 0) return null;
    const instruction = this.#decoder.decode(joinParcels(first, second));
    this.#instructions.set(offset, instruction);
    return instruction;
  }

  #flow(instruction: DecodedInstruction, offset: number): Flow {
    const { name } = ROWS[instruction.row];
    if (BRANCHES.has(name)) return "branch";
    if (name === "jal") return LINK_REGISTERS.has(instruction.rd) ? "call" : "jump";
    if (name === "jalr") return flowOfRegisterJump(instruction);
    if (this.#facts.of(instruction.row).leaves || this.#isSteppedSingly(instruction)) {
      return "leave";
    }
    return name.startsWith("lr.") && !isPureWindow(this.#windowCode, offset, () => true)
      ? "leave"
      : "next";
  }

  /** In check mode, instructions that read or change more than registers and memory are not run twice. */
  #isSteppedSingly(instruction: DecodedInstruction): boolean {
    return this.#request.isChecked && STEPPED_SINGLY.has(ROWS[instruction.row].extension);
  }

  // --- lifting --------------------------------------------------------------------------------------

  #liftBlock(frame: CallFrame, leader: number): void {
    const block = frame.blocks.get(leader) as Block;
    const builder = new Builder(this.#region, this.#orders);
    builder.setBlock(block);
    let offset = leader;
    let last = leader;
    while (block.terminator === null) {
      const instruction = this.#instructions.get(offset) ?? null;
      if (instruction === null || (offset !== leader && frame.leaders.has(offset))) {
        this.#continueTo(frame, builder, offset);
        break;
      }
      this.#liftInstruction(builder, instruction, offset, block.instructions++);
      last = offset;
      offset += instruction.length;
    }
    this.#resolve(frame, block, last);
  }

  #continueTo(frame: CallFrame, builder: Builder, offset: number): void {
    const target = frame.blocks.get(offset);
    if (target !== undefined) builder.jump(target);
    else builder.goto(this.#address(builder, offset), "jump");
  }

  #address(builder: Builder, offset: number): Value {
    return builder.append("guest.pc_relative", "i64", [], { offset });
  }

  #liftInstruction(
    builder: Builder,
    instruction: DecodedInstruction,
    offset: number,
    index: number,
  ): void {
    const { length } = instruction;
    builder.append("guest.boundary", "void", [], { offset, length, index });
    const row = ROWS[instruction.row];
    const isImpureWindow = row.name.startsWith("lr.") &&
      !isPureWindow(this.#windowCode, offset, (at) => this.#root.leaders.has(at));
    if (isImpureWindow || this.#isSteppedSingly(instruction)) {
      builder.exit(ExitReason.SINGLE_STEP, this.#address(builder, offset));
      return;
    }
    const { hostFuses } = this.#request;
    row.lift(new LiftContext(builder, { instruction, offset, mode: this.#mode, hostFuses }));
  }

  /** Turns the guest control transfer at the end of a block into jumps inside the region where it can. */
  #resolve(frame: CallFrame, block: Block, at: number): void {
    const end = block.terminator;
    if (end?.kind === "goto_if") {
      const taken = this.#blockAt(frame, end.taken);
      const otherwise = this.#blockAt(frame, end.otherwise);
      block.terminator = { kind: "branch", condition: end.condition, taken, otherwise };
    } else if (end?.kind === "goto") {
      block.terminator = this.#resolveGoto(frame, end, at);
    }
  }

  #resolveGoto(frame: CallFrame, end: Terminator & { kind: "goto" }, at: number): Terminator {
    if (end.transfer === "call" && end.link !== null) return this.#resolveCall(frame, end, at);
    if (end.transfer === "return") return resolveReturn(frame, end);
    if (end.transfer === "indirect") return this.#resolveComputed(frame, end, at);
    const target = frame.blocks.get(offsetOf(end.pc) ?? NOWHERE);
    return target === undefined ? end : { kind: "jump", target };
  }

  #resolveCall(frame: CallFrame, end: Terminator & { kind: "goto" }, at: number): Terminator {
    const callee = frame.callees.get(at)?.blocks.get(offsetOf(end.pc) ?? NOWHERE);
    if (callee !== undefined) return { kind: "jump", target: callee };
    const then = end.link === null ? undefined : frame.blocks.get(offsetOf(end.link) ?? NOWHERE);
    if (then === undefined || end.link === null) return end;
    return { kind: "call", pc: end.pc, link: end.link, then };
  }

  #resolveComputed(frame: CallFrame, end: Terminator & { kind: "goto" }, at: number): Terminator {
    const targets = this.#computedTargets(frame, at).flatMap((offset) => {
      const block = frame.blocks.get(offset);
      return block === undefined ? [] : [{ offset, block }];
    });
    return targets.length === 0
      ? end
      : { kind: "dispatch", pc: end.pc, transfer: end.transfer, targets };
  }

  /** The block at an address, or a new one that leaves to it. */
  #blockAt(frame: CallFrame, address: Value): Block {
    const offset = offsetOf(address);
    const known = offset === null ? undefined : frame.blocks.get(offset);
    if (known !== undefined) return known;
    const leave = this.#region.addBlock();
    const builder = new Builder(this.#region, this.#orders);
    builder.setBlock(leave);
    builder.goto(offset === null ? address : this.#address(builder, offset), "jump");
    return leave;
  }

  #addEntries(): void {
    for (const offset of this.#entryOffsets) {
      const block = this.#root.blocks.get(offset);
      if (block !== undefined && offset >= 0 && offset < PAGE_BYTES) {
        this.#region.entries.push({ block, offset });
      }
    }
  }
}

/** `rd` and `rs1` tell calls, returns and other jumps apart, as the manual's return-address hints say. */
function flowOfRegisterJump({ rd, rs1 }: DecodedInstruction): Flow {
  if (LINK_REGISTERS.has(rd)) return "indirect call";
  return LINK_REGISTERS.has(rs1) ? "return" : "indirect";
}

/** A return from an inlined callee goes on behind the call if it returns there; other returns leave. */
function resolveReturn({ call }: CallFrame, end: Terminator & { kind: "goto" }): Terminator {
  const block = call?.caller.blocks.get(call.link);
  if (call === null || block === undefined) return end;
  if (call.keepsLink) return { kind: "jump", target: block };
  const targets = [{ offset: call.link, block }];
  return { kind: "dispatch", pc: end.pc, transfer: "return", targets };
}

function offsetOf(address: Value): number | null {
  if (address.opcode !== "guest.pc_relative") return null;
  return (address.attribute as { offset: number }).offset;
}

/** Reader over nothing: for tests of single blocks. */
export const NO_CODE: CodeReader = {
  parcel: () => -1,
  isWanted: () => false,
  wasExecuted: () => false,
  computedTargets: () => [],
};
