/**
 * A batch on the product's own hart, in machine mode: in the cold tier, and then with a region for every site's
 * loop.
 */
import { BatchCompiler } from "../../differential/batch_compiler.ts";
import { assembleProgram, instruction, type Line } from "../../differential/guest_program.ts";
import { Device } from "../../differential/guest_layout.ts";
import { Heat, TestHart } from "../../differential/test_hart.ts";
import { readCsr, writeCsr } from "../../differential/trap_handler.ts";
import { PIPELINE } from "../../../optimizer/pipeline.ts";
import { GUEST_RAM_OFFSET, PAGE_SHIFT } from "../../../runtime/atomics/shared_layout.ts";
import { hotPage, type Hotspot } from "../../../runtime/translation/region_builder.ts";
import type { InstalledModule } from "../../../runtime/translation/region_catalog.ts";
import { Address, Field, MEMORY_BYTES } from "./case_record.ts";
import { type Batch, caseCount, recordsIn } from "./oracle.ts";

const PAGE_BYTES = 4096;
/** Every site's loop asks for its region once it has gone round a few times. */
const HEAT = 3;
/** Instructions between two looks at the ring of requests. */
const COLD_BUDGET = 300;
const HOT_BUDGET = 1_000_000;
/** Instructions of a case at most. */
const CASE_LIMIT = 200;
const STATUS = 0xa_0000_6000n;
const ALL_MEMORY = (1n << 54n) - 1n;
const ALL_RIGHTS = 0x1fn;
const [A, B, C] = [29, 30, 31];
const WORD_BYTES = 8;

/** Writes cause + 1 and value of the exception into the current record and goes on where that says. */
const HANDLER: readonly Line[] = [
  instruction("csrrw", { rd: C, rs1: C, imm: 0x340 }),
  instruction("sd", { rs1: C, rs2: B, imm: 0 }),
  instruction("sd", { rs1: C, rs2: A, imm: WORD_BYTES }),
  instruction("ld", { rd: B, rs1: C, imm: Address.CURRENT - Address.SAVED }),
  readCsr(A, "mcause"),
  instruction("addi", { rd: A, rs1: A, imm: 1 }),
  instruction("sd", { rs1: B, rs2: A, imm: Field.TRAP }),
  readCsr(A, "mtval"),
  instruction("sd", { rs1: B, rs2: A, imm: Field.TRAP_VALUE }),
  instruction("ld", { rd: A, rs1: B, imm: Field.RESUME }),
  writeCsr("mepc", A),
  instruction("ld", { rd: A, rs1: C, imm: WORD_BYTES }),
  instruction("ld", { rd: B, rs1: C, imm: 0 }),
  instruction("csrrw", { rd: C, rs1: C, imm: 0x340 }),
  instruction("mret"),
];

const END: readonly Line[] = [
  { kind: "constant", rd: A, value: Device.BASE },
  instruction("sw", { rs1: A, rs2: 0, imm: Device.END }),
];

/** What both tiers made of a batch. */
export interface HartOutcome {
  readonly cold: Uint8Array;
  readonly hot: Uint8Array;
  /** Loops that had a region of their own in the hot run. */
  readonly regions: number;
}

/** See the header of this file. */
export class HartOracle {
  readonly #hart: TestHart;
  readonly #compiler: BatchCompiler;

  /** A hart with this cold tier. */
  constructor(coldTier: WebAssembly.Module) {
    this.#hart = new TestHart(coldTier, MEMORY_BYTES);
    this.#compiler = new BatchCompiler(this.#hart.words, this.#hart.frontend, MEMORY_BYTES);
  }

  /** Executes the batch in both tiers. */
  run(batch: Batch): HartOutcome {
    this.#compiler.takeHotspots();
    this.#hart.publish(this.#compiler.compile([], { passes: [], wantsReport: false }));
    const cold = this.#runOnce(batch, HEAT, COLD_BUDGET);
    const { heads } = batch.image;
    const hotspots = this.#compiler.takeHotspots().filter((spot) => heads.has(addressOf(spot)));
    const module = this.#compiler.compile(hotspots, { passes: PIPELINE, wantsReport: false });
    this.#hart.publish(module);
    const hot = this.#runOnce(batch, Heat.NEVER, HOT_BUDGET);
    return { cold, hot, regions: new Set(module.regions.map(entryOf)).size };
  }

  #runOnce({ sites, image }: Batch, heat: number, budget: number): Uint8Array {
    const hart = this.#hart;
    const memory = image.bytes.slice();
    memory.set(assembleProgram(HANDLER).bytes, Address.HANDLER - Address.SUPPORT);
    memory.set(assembleProgram(END).bytes, Address.END - Address.SUPPORT);
    hart.setRam(memory);
    hart.reset([
      ["pc", 0, BigInt(image.start)],
      ["mstatus", 0, STATUS],
      ["mtvec", 0, BigInt(Address.HANDLER)],
      ["mscratch", 0, BigInt(Address.SAVED)],
      ["pmpaddr", 0, ALL_MEMORY],
      ["pmpcfg", 0, ALL_RIGHTS],
    ]);
    const isEnded = hart.run({
      heat,
      nextBudget: () => budget,
      isInterrupted: () => false,
      onVisit: () => this.#compiler.takeRequests(),
      limit: CASE_LIMIT * (caseCount(sites) + sites.length) + HOT_BUDGET,
    });
    if (!isEnded) throw new Error(`A batch of ${sites[0].name} does not end`);
    return recordsIn(hart.ram, sites, Address.SUPPORT);
  }
}

/** Where a region is entered first. */
function entryOf({ entries: [{ hostPage, offset }] }: InstalledModule["regions"][number]): string {
  return `${hostPage}.${offset}`;
}

function addressOf(spot: Hotspot): number {
  const offset = (hotPage(spot) - (GUEST_RAM_OFFSET >> PAGE_SHIFT)) * PAGE_BYTES;
  return Address.SUPPORT + offset + spot.offset;
}
