/**
 * From guest code to a region: finds the blocks that direct branches and jumps reach from a hot address,
 * lifts them, and joins them. Calls stay calls: the region goes on behind them when they return as expected.
 *
 * Offsets are distances in bytes from the region's origin, the page of the hot address. Code that lies on
 * pages the reader does not know ends the region there.
 */
import { Builder } from "../../../ir/builder.ts";
import { ExitReason } from "../../../ir/exit_reason.ts";
import { type Block, Region, type Terminator, type Value } from "../../../ir/region.ts";
import type { CodeReader, RegionRequest } from "../../frontend.ts";
import { type Decoder, instructionLength, joinParcels } from "../decoder.ts";
import type { DecodedInstruction } from "../instruction.ts";
import { boundModeOf } from "../privileged/mode.ts";
import { ROWS } from "../rows.ts";
import { type BoundMode, LiftContext } from "./lift_context.ts";

const PAGE_BYTES = 4096;
/** Instructions between a load-reserved and its store-conditional that are looked at. */
const RESERVATION_WINDOW = 24;
/** Registers that hold return addresses by convention. */
const LINK_REGISTERS: ReadonlySet<number> = new Set([1, 5]);

/** How an instruction continues, as far as block discovery cares. */
type Flow = "next" | "branch" | "jump" | "call" | "indirect" | "indirect call" | "leave";

const BRANCHES: ReadonlySet<string> = new Set(["beq", "bne", "blt", "bge", "bltu", "bgeu"]);

/** What block discovery needs of the rows, computed once. */
export interface RowFacts {
  /** Does the instruction always leave the region? */
  readonly leaves: readonly boolean[];
  /** Is the instruction register work alone? */
  readonly isPure: readonly boolean[];
}

/** Facts from the unbound handlers: what they do, whatever their fields. */
export function rowFacts(handlers: readonly Region[]): RowFacts {
  const effects = new Set([
    "guest.load",
    "guest.store",
    "guest.rmw",
    "guest.load_reserved",
    "guest.cmpxchg",
  ]);
  const others = new Set(["call", "call_unless", "guest.fence", "leave_if", "trap_if"]);
  return {
    leaves: handlers.map(({ blocks }) =>
      ["exit", "trap"].includes(blocks[0].terminator?.kind ?? "")
    ),
    isPure: handlers.map(({ blocks }) =>
      blocks[0].operations.every(({ opcode }) => !effects.has(opcode) && !others.has(opcode)) &&
      !["exit", "trap"].includes(blocks[0].terminator?.kind ?? "")
    ),
  };
}

/** Lifts one region. */
export class RegionLifter {
  readonly #decoder: Decoder;
  readonly #facts: RowFacts;
  readonly #request: RegionRequest;
  readonly #mode: BoundMode;
  readonly #instructions = new Map<number, DecodedInstruction>();
  readonly #leaders = new Set<number>();
  readonly #entryOffsets = new Set<number>();
  readonly #region: Region;
  readonly #blocks = new Map<number, Block>();

  /** Prepares the lifting of what the request names. */
  constructor(decoder: Decoder, facts: RowFacts, request: RegionRequest) {
    this.#decoder = decoder;
    this.#facts = facts;
    this.#request = request;
    this.#mode = boundModeOf(request.modeKey);
    this.#region = new Region(`region_${request.entryOffset.toString(16)}`, "region");
  }

  /** The region, with an entry at the request's offset first. */
  lift(): Region {
    this.#discover();
    const offsets = [...this.#leaders].sort((a, b) => a - b);
    for (const offset of offsets) this.#blocks.set(offset, this.#region.addBlock());
    for (const offset of offsets) this.#liftBlock(offset);
    this.#addEntries();
    return this.#region;
  }

  // --- discovery ------------------------------------------------------------------------------------

  #discover(): void {
    const { entryOffset, instructionLimit } = this.#request;
    const pending = [entryOffset];
    this.#entryOffsets.add(entryOffset);
    for (let head = 0; head < pending.length; head++) {
      const offset = pending[head];
      if (this.#leaders.has(offset)) continue;
      if (this.#instructions.size >= instructionLimit && !this.#instructions.has(offset)) continue;
      if (!this.#isWanted(offset) || this.#decode(offset) === null) continue;
      this.#leaders.add(offset);
      this.#follow(offset, pending);
    }
  }

  /** The hot address itself always is. */
  #isWanted(offset: number): boolean {
    return offset === this.#request.entryOffset || this.#request.code.isWanted(offset);
  }

  /** Walks straight on from a leader and collects where its end may go. */
  #follow(leader: number, pending: number[]): void {
    for (let offset = leader;;) {
      const instruction = this.#decode(offset);
      if (instruction === null) return;
      const next = offset + instruction.length;
      const flow = this.#flow(instruction, offset);
      if (flow !== "next") {
        this.#continueAfter(flow, offset, next, instruction, pending);
        return;
      }
      if (this.#leaders.has(next)) return;
      offset = next;
    }
  }

  #continueAfter(
    flow: Flow,
    offset: number,
    next: number,
    instruction: DecodedInstruction,
    pending: number[],
  ): void {
    const target = offset + instruction.imm;
    if (flow === "branch" || flow === "jump") {
      pending.push(target);
      if (target <= offset) this.#entryOffsets.add(target);
    }
    if (flow === "branch") pending.push(next);
    if (flow === "call" || flow === "indirect call") {
      pending.push(next);
      this.#entryOffsets.add(next);
    }
  }

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
    if (name === "jalr") return LINK_REGISTERS.has(instruction.rd) ? "indirect call" : "indirect";
    if (this.#facts.leaves[instruction.row] || this.#isSteppedSingly(instruction)) return "leave";
    return name.startsWith("lr.") && !this.#hasPureWindow(offset) ? "leave" : "next";
  }

  /** In check mode, instructions that read or change more than registers and memory are not run twice. */
  #isSteppedSingly(instruction: DecodedInstruction): boolean {
    return this.#request.isChecked && ROWS[instruction.row].extension === "zicsr";
  }

  /**
   * Does only register work lie between the load-reserved and every store-conditional that it can reach, and
   * are all of them in the region? (Paths that leave the region are looked at only for store-conditionals.)
   * Then the pair is one atomic compare-and-swap; otherwise the cold tier executes the window.
   */
  #hasPureWindow(offset: number, isLifting = false): boolean {
    const seen = new Set<string>();
    const first = this.#instructions.get(offset);
    const pending = [{ at: offset + (first?.length ?? 0), isInside: true }];
    for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
      const { at, isInside } = place;
      const key = `${at}.${isInside}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const instruction = this.#decode(at);
      if (instruction === null || seen.size > RESERVATION_WINDOW) return false;
      const { name } = ROWS[instruction.row];
      if (name.startsWith("sc.")) {
        if (!isInside) return false;
        continue;
      }
      const next = at + instruction.length;
      const stays = (target: number): boolean =>
        isInside && (!isLifting || this.#leaders.has(target));
      const target = at + instruction.imm;
      if (name === "jal") {
        pending.push({ at: target, isInside: stays(target) });
      } else if (BRANCHES.has(name)) {
        pending.push({ at: next, isInside: stays(next) }, { at: target, isInside: stays(target) });
      } else if (this.#facts.isPure[instruction.row] && name !== "jalr") {
        pending.push({ at: next, isInside });
      } else if (this.#reachesStoreConditional(next)) {
        return false;
      }
    }
    return true;
  }

  /** A look ahead in a straight line: is the impure instruction before it inside a window? */
  #reachesStoreConditional(offset: number): boolean {
    let at = offset;
    for (let count = 0; count < RESERVATION_WINDOW; count++) {
      const instruction = this.#decode(at);
      if (instruction === null) return false;
      const { name } = ROWS[instruction.row];
      if (name.startsWith("sc.")) return true;
      if (name.startsWith("lr.") || name === "jal" || name === "jalr") return false;
      at += instruction.length;
    }
    return false;
  }

  // --- lifting --------------------------------------------------------------------------------------

  #liftBlock(leader: number): void {
    const block = this.#blocks.get(leader) as Block;
    const builder = new Builder(this.#region);
    builder.setBlock(block);
    let offset = leader;
    while (block.terminator === null) {
      const instruction = this.#instructions.get(offset) ?? null;
      if (instruction === null || (offset !== leader && this.#leaders.has(offset))) {
        this.#continueTo(builder, offset);
        break;
      }
      this.#liftInstruction(builder, instruction, offset, block.instructions++);
      offset += instruction.length;
    }
    this.#resolve(block);
  }

  #continueTo(builder: Builder, offset: number): void {
    const target = this.#blocks.get(offset);
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
    const isImpureWindow = row.name.startsWith("lr.") && !this.#hasPureWindow(offset, true);
    if (isImpureWindow || this.#isSteppedSingly(instruction)) {
      builder.exit(ExitReason.SINGLE_STEP, this.#address(builder, offset));
      return;
    }
    const { hostFuses } = this.#request;
    row.lift(new LiftContext(builder, { instruction, offset, mode: this.#mode, hostFuses }));
  }

  /** Turns guest control transfers whose targets are in the region into jumps between blocks. */
  #resolve(block: Block): void {
    const end = block.terminator;
    if (end?.kind === "goto_if") {
      const [taken, otherwise] = [this.#blockAt(end.taken), this.#blockAt(end.otherwise)];
      block.terminator = { kind: "branch", condition: end.condition, taken, otherwise };
    } else if (end?.kind === "goto") {
      block.terminator = this.#resolveGoto(end);
    }
  }

  #resolveGoto(end: Terminator & { kind: "goto" }): Terminator {
    if (end.transfer === "call" && end.link !== null) {
      const then = this.#blocks.get(offsetOf(end.link) ?? -1);
      return then === undefined ? end : { kind: "call", pc: end.pc, link: end.link, then };
    }
    const target = this.#blocks.get(offsetOf(end.pc) ?? -1);
    return target === undefined ? end : { kind: "jump", target };
  }

  /** The block at an address, or a new one that leaves to it. */
  #blockAt(address: Value): Block {
    const offset = offsetOf(address);
    const known = offset === null ? undefined : this.#blocks.get(offset);
    if (known !== undefined) return known;
    const leave = this.#region.addBlock();
    const builder = new Builder(this.#region);
    builder.setBlock(leave);
    builder.goto(offset === null ? address : this.#address(builder, offset), "jump");
    return leave;
  }

  #addEntries(): void {
    for (const offset of this.#entryOffsets) {
      const block = this.#blocks.get(offset);
      if (block !== undefined && offset >= 0 && offset < PAGE_BYTES) {
        this.#region.entries.push({ block, offset });
      }
    }
  }
}

function offsetOf(address: Value): number | null {
  if (address.opcode !== "guest.pc_relative") return null;
  return (address.attribute as { offset: number }).offset;
}

/** Reader over nothing: for tests of single blocks. */
export const NO_CODE: CodeReader = { parcel: () => -1, isWanted: () => false };
