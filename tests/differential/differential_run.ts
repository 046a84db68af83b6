/**
 * Runs a program in the cold tier and then, from the same state, in regions, and compares all that a guest can
 * see: registers, control registers, memory, retired instructions.
 */
import { RISCV_STATE } from "../../frontend/riscv/registers.ts";
import type { Pass } from "../../optimizer/pass.ts";
import { PIPELINE } from "../../optimizer/pipeline.ts";
import { coldTierText } from "../../runtime/machine/boards/riscv_virt/cold_tier_text.ts";
import type { Hotspot } from "../../runtime/translation/region_builder.ts";
import { BatchCompiler } from "./batch_compiler.ts";
import {
  codeOffset,
  COPY_DISTANCE,
  DATA_PAGES,
  DataPage,
  NOWHERE,
  Page,
  physical,
  RAM_BASE,
  RAM_BYTES,
  STACK_PAGES,
  TRANSLATED,
  windowsOf,
  writePageTables,
} from "./guest_layout.ts";
import { type AssembledProgram, assembleProgram } from "./guest_program.ts";
import type { GeneratedProgram } from "./program_features.ts";
import { Register } from "./program_registers.ts";
import { SeededRandom } from "./seeded_random.ts";
import { Heat, type RunOptions, TestHart } from "./test_hart.ts";
import { HANDLER_REGISTERS, trapHandler } from "./trap_handler.ts";

const PAGE_BYTES = 4096;
const WORD_BYTES = 4;
/** Lines of a report at most. */
const MOST_LINES = 60;
/** A program that takes more instructions is given up. */
const INSTRUCTION_LIMIT = 30_000;
const LONG_BUDGET = 1_000_000;
const LARGEST_SHORT_BUDGET = 40;
const CODE_LINE = 64;
const FUEL = 20n;
/** Running costs little beside compiling. */
const SHORT_BUDGET_RUNS = 6;
const STACK_BYTES = STACK_PAGES * PAGE_BYTES;
const INTEGER_REGISTERS = 32;
const FLOAT_REGISTERS = 32;

/** What one run left behind. */
interface Outcome {
  readonly state: BigInt64Array;
  readonly ram: Uint8Array;
  readonly retired: number;
}

/** A program with what the cold tier made of it. */
interface Comparison {
  readonly program: GeneratedProgram;
  readonly image: Uint8Array;
  readonly state: InitialState;
  readonly cold: Outcome;
  /** What may be compiled. */
  readonly hotspots: readonly Hotspot[];
}

/** How a program runs in regions. */
export interface HotVariant {
  /** Optimizer passes. */
  readonly passes: readonly Pass[];
  /** So many of a hundred block heads get a region. */
  readonly compiledPercent: number;
  /** Does the budget run out after a few instructions, again and again? */
  readonly hasShortBudgets: boolean;
  /** How often it runs. */
  readonly runs: number;
  /** Chooses heads, budgets, interrupts. */
  readonly seed: number;
  /** Do regions take the way through the code cache? */
  readonly isLinked: boolean;
}

/** A difference that was found. */
export interface Difference {
  /** The run in which it showed. */
  readonly variant: HotVariant;
  /** What differs: name, cold value, hot value. */
  readonly lines: readonly string[];
  /** Reports of the regions, when asked for. */
  readonly reports: readonly string[];
}

/** Mostly all passes, so that they meet each other's work; else none, or some. */
function randomPasses(random: SeededRandom): readonly Pass[] {
  const roll = random.below(10);
  if (roll < 6) return PIPELINE;
  return roll < 8 ? [] : PIPELINE.filter(() => random.chance(50));
}

/** Everything compiled and run in one go. */
export const WHOLE_VARIANT: HotVariant = {
  passes: PIPELINE,
  compiledPercent: 100,
  hasShortBudgets: false,
  runs: 1,
  seed: 0,
  isLinked: false,
};

/** Heads that get a region, in a hundred: many regions of one program hold the same code. */
const WHOLE_PERCENTS: readonly number[] = [100, 40, 40, 40];
const PARTIAL_PERCENTS: readonly number[] = [60, 30, 15];

/** Variants for a program. */
export function randomVariants(random: SeededRandom, count: number): HotVariant[] {
  return Array.from({ length: count }, (_, index) => {
    const hasShortBudgets = index > 0 && random.chance(80);
    const variant = {
      passes: index === 0 ? PIPELINE : randomPasses(random),
      compiledPercent: random.pick(index === 0 ? WHOLE_PERCENTS : PARTIAL_PERCENTS),
      hasShortBudgets,
      runs: hasShortBudgets ? SHORT_BUDGET_RUNS : 1,
    };
    const seed = random.word();
    return { ...variant, seed, isLinked: (seed & 1) !== 0 };
  });
}

/** Elements of the state that are no business of the guest, and those a program leaves undefined. */
const HIDDEN: ReadonlySet<string> = new Set([
  "csr_result",
  "flush_address",
  "flush_space",
  "flush_scope",
]);

/** See the header of this file. */
export class DifferentialRun {
  readonly #hart: TestHart;
  readonly #compiler: BatchCompiler;

  /** A machine with this host's prebuilt cold tier. */
  static async create(): Promise<DifferentialRun> {
    const bytes = Uint8Array.fromBase64((await coldTierText()).replaceAll("\n", ""));
    return new DifferentialRun(new WebAssembly.Module(bytes));
  }

  /** A machine for any number of programs. */
  constructor(coldTier: WebAssembly.Module) {
    this.#hart = new TestHart(coldTier);
    this.#compiler = new BatchCompiler(this.#hart.words, this.#hart.frontend);
  }

  /** The guest. */
  get frontend(): TestHart["frontend"] {
    return this.#hart.frontend;
  }

  /**
   * Compares the variants with the cold tier. @returns the first difference, null when there is none, or
   * undefined when the program does not end
   */
  compare(
    program: GeneratedProgram,
    variants: readonly HotVariant[],
    wantsReport = false,
  ): Difference | null | undefined {
    const assembled = assembleProgram(program.lines);
    const image = imageOf(program, assembled, assembleProgram(program.lines, true));
    const state = initialState(program, assembled);
    this.#compiler.takeHotspots();
    this.#hart.publish(this.#compiler.compile([], { passes: [], wantsReport: false }));
    // Twice, so that the first requests already know all code that will have been executed.
    const options = coldOptions(() => this.#compiler.takeRequests());
    this.#runOnce(image, state, options);
    const cold = this.#runOnce(image, state, options);
    const hotspots = this.#compiler.takeHotspots();
    if (cold === null) return undefined;
    for (const variant of variants) {
      const comparison = { program, image, state, cold, hotspots };
      const difference = this.#compareSafely(comparison, variant, wantsReport);
      if (difference !== null) return difference;
    }
    return null;
  }

  /** What breaks the engines is a difference as well. */
  #compareSafely(
    comparison: Comparison,
    variant: HotVariant,
    wantsReport: boolean,
  ): Difference | null {
    try {
      return this.#compareOne(comparison, variant, { wantsReport });
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return { variant, lines: [error.message], reports: [] };
    }
  }

  #compareOne(
    { program, image, state, cold, hotspots }: Comparison,
    variant: HotVariant,
    { wantsReport }: { readonly wantsReport: boolean },
  ): Difference | null {
    const random = new SeededRandom(variant.seed);
    const chosen = hotspots.filter(() => random.chance(variant.compiledPercent));
    this.#hart.setRam(image);
    const { passes, isLinked } = variant;
    const module = this.#compiler.compile(chosen, { passes, wantsReport, isLinked });
    this.#hart.publish(module);
    for (let run = 0; run < variant.runs; run++) {
      const hot = this.#runOnce(image, state, hotOptions(program, variant, random));
      const lines = hot === null ? ["the program did not end"] : differences(program, cold, hot);
      if (lines.length === 0) continue;
      const reports = module.regions.flatMap(({ report }) => report === null ? [] : [report]);
      return { variant, lines, reports };
    }
    return null;
  }

  #runOnce(image: Uint8Array, state: InitialState, options: RunOptions): Outcome | null {
    const hart = this.#hart;
    hart.setRam(image);
    hart.reset(state);
    if (!hart.run(options)) return null;
    return { state: hart.state(), ram: hart.ram.slice(), retired: hart.vcpu.memory.retired() };
  }
}

function coldOptions(onVisit: () => void): RunOptions {
  return {
    onVisit,
    heat: Heat.ALWAYS,
    nextBudget: () => LARGEST_SHORT_BUDGET,
    isInterrupted: () => false,
    limit: INSTRUCTION_LIMIT,
  };
}

function hotOptions(
  { features }: GeneratedProgram,
  { hasShortBudgets }: HotVariant,
  random: SeededRandom,
): RunOptions {
  const largest = random.pick([3, 10, LARGEST_SHORT_BUDGET]);
  return {
    heat: Heat.NEVER,
    onVisit: () => {},
    nextBudget: () => hasShortBudgets ? random.between(1, largest) : LONG_BUDGET,
    isInterrupted: () => features.interrupts && random.chance(20),
    limit: 4 * INSTRUCTION_LIMIT,
  };
}

type InitialState = readonly (readonly [slot: string, index: number, value: bigint])[];

/** RAM at the start: handler, page tables, code, random data. */
function imageOf(
  program: GeneratedProgram,
  { bytes }: AssembledProgram,
  copy: AssembledProgram,
): Uint8Array {
  const { features: { mode }, start, seed } = program;
  const image = new Uint8Array(RAM_BYTES);
  const random = new SeededRandom(seed);
  image.set(trapHandler(), Page.HANDLER * PAGE_BYTES);
  if (mode !== "machine") writePageTables(new DataView(image.buffer), mode);
  const data = new DataView(image.buffer, Page.DATA * PAGE_BYTES);
  for (let at = 0; at < PAGE_BYTES; at += 8) {
    for (let page = 0; page < DATA_PAGES + COPY_DISTANCE; page++) {
      data.setBigInt64(page * PAGE_BYTES + at, random.register(), true);
    }
  }
  bytes.forEach((byte, index) => {
    const at = codeOffset(mode, start + index);
    image[at] = byte;
    image[at + COPY_DISTANCE * PAGE_BYTES] = copy.bytes[index];
  });
  return image;
}

const Privilege = { machine: 3n, supervisor: 1n, user: 0n } as const;
const STATUS_FLOAT = 0x2000n;
const STATUS_MACHINE_INTERRUPTS = 8n;
const SOFTWARE_INTERRUPT = 8n;
const ALL_COUNTERS = 0xffff_ffffn;
const ALL_MEMORY = (1n << 54n) - 1n;
const ALL_RIGHTS = 0x1fn;
const ALL_EXCEPTIONS = 0xb3ffn;
/** Status fields that say how wide addresses are: as at reset. */
const STATUS_WIDTHS = 0xa_0000_0000n;

function initialState(program: GeneratedProgram, assembled: AssembledProgram): InitialState {
  const { features, start, supervisorHandler } = program;
  const { code } = windowsOf(features.mode);
  const status = STATUS_WIDTHS | (features.floats ? STATUS_FLOAT : 0n) |
    (features.interrupts ? STATUS_MACHINE_INTERRUPTS : 0n);
  const isTranslated = features.mode !== "machine";
  const handler = supervisorHandler === null
    ? 0
    : code + start + (assembled.labels.get(supervisorHandler) ?? 0);
  return [
    ["pc", 0, BigInt(code + start)],
    ["privilege", 0, Privilege[features.mode]],
    ["mstatus", 0, status],
    ["mtvec", 0, BigInt(physical(Page.HANDLER))],
    ["stvec", 0, BigInt(handler)],
    ["medeleg", 0, supervisorHandler === null ? 0n : ALL_EXCEPTIONS],
    ["mie", 0, features.interrupts ? SOFTWARE_INTERRUPT : 0n],
    ["mcounteren", 0, ALL_COUNTERS],
    ["scounteren", 0, ALL_COUNTERS],
    ["pmpaddr", 0, ALL_MEMORY],
    ["pmpcfg", 0, ALL_RIGHTS],
    ["satp", 0, isTranslated ? TRANSLATED : 0n],
    ...registers(program, assembled),
  ];
}

function registers(
  { features: { mode }, seed, start }: GeneratedProgram,
  { bytes }: AssembledProgram,
): InitialState {
  const random = new SeededRandom(~seed);
  const { code, data, stack, device } = windowsOf(mode);
  const isTranslated = mode !== "machine";
  const page = (index: number): number => data + index * PAGE_BYTES;
  const beside = Math.ceil((code + start + bytes.length) / CODE_LINE + 1) * CODE_LINE;
  const purposes = new Map<number, number>([
    [Register.SP, stack + STACK_BYTES - CODE_LINE],
    [Register.DATA, page(1) + PAGE_BYTES / 2],
    [Register.PAGE_END, page(DataPage.READ_ONLY) - 16],
    [Register.NOWHERE, isTranslated ? page(DataPage.UNMAPPED) + 256 : NOWHERE],
    [Register.READ_ONLY, isTranslated ? page(DataPage.READ_ONLY) + 8 : RAM_BASE + RAM_BYTES - 16],
    [Register.BESIDE_CODE, beside],
    [Register.OTHER_PRIVILEGE, isTranslated ? page(DataPage.OTHER_PRIVILEGE) + 512 : NOWHERE],
    [Register.DEVICE, device],
  ]);
  const integers = Array.from({ length: INTEGER_REGISTERS }, (_, index) => {
    const purpose = purposes.get(index);
    if (index === 0) return ["x", 0, 0n] as const;
    if (index === Register.FUEL) return ["x", index, FUEL] as const;
    return ["x", index, purpose === undefined ? random.register() : BigInt(purpose)] as const;
  });
  const floats = Array.from(
    { length: FLOAT_REGISTERS },
    (_, index) => ["f", index, random.register()] as const,
  );
  const counters = [0, 1, 2, 3, 4, 5].map((index) =>
    ["x", Register.FIRST_COUNTER + index, BigInt(random.below(3))] as const
  );
  return [...integers, ...floats, ...counters.slice(0, 5)];
}

/** What an interrupt leaves behind wherever it comes. */
const INTERRUPT_TRACES: ReadonlySet<string> = new Set(["mepc", "mcause", "mtval"]);

function differences({ features }: GeneratedProgram, cold: Outcome, hot: Outcome): string[] {
  const { interrupts, reservations } = features;
  const lines: string[] = [];
  for (const slot of RISCV_STATE.slots()) {
    if (HIDDEN.has(slot.name) || (interrupts && INTERRUPT_TRACES.has(slot.name))) continue;
    const count = slot.name === "x"
      ? (interrupts ? HANDLER_REGISTERS : INTEGER_REGISTERS)
      : slot.count;
    for (let index = 0; index < count; index++) {
      const at = slot.offset / 8 + index;
      if (interrupts && slot.name === "mstatus") continue;
      if (cold.state[at] === hot.state[at]) continue;
      const values = [cold.state[at], hot.state[at]].map(hexadecimal);
      lines.push(`${slot.name}[${index}]: cold ${values[0]} hot ${values[1]}`);
    }
  }
  const [coldWords, hotWords] = [cold.ram, hot.ram].map((ram) => new Int32Array(ram.buffer));
  for (let word = 0; word < coldWords.length && lines.length < MOST_LINES; word++) {
    if (coldWords[word] === hotWords[word]) continue;
    const address = hexadecimal(BigInt(RAM_BASE + word * WORD_BYTES));
    const values = [coldWords[word], hotWords[word]].map((value) => (value >>> 0).toString(16));
    lines.push(`memory ${address}: cold ${values[0]} hot ${values[1]}`);
  }
  if (!interrupts && !reservations && cold.retired !== hot.retired) {
    lines.push(`retired: cold ${cold.retired} hot ${hot.retired}`);
  }
  return lines;
}

function hexadecimal(value: bigint): string {
  return `0x${BigInt.asUintN(64, value).toString(16)}`;
}
