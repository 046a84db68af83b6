/**
 * Runs scripts on the product's own hart, in the cold tier and in regions, and compares both with the model:
 * what each access wrote down, and all of RAM.
 */
import { BatchCompiler } from "../../differential/batch_compiler.ts";
import { Heat, TestHart } from "../../differential/test_hart.ts";
import { PIPELINE } from "../../../optimizer/pipeline.ts";
import type { Hotspot } from "../../../runtime/translation/region_builder.ts";
import { Control } from "../../../wasm_backend/abi/vcpu_layout.ts";
import { CommandField, DRIVER_HANDLER, DRIVER_START } from "./mmu_driver.ts";
import { LAST_CONFIGURATION, scriptCommands, scriptImage } from "./mmu_image.ts";
import { Frame, PAGE_BYTES } from "./mmu_layout.ts";
import { type AccessOutcome, MmuModel, NoMeaning } from "./mmu_model.ts";
import type { MmuScript, MmuStep } from "./mmu_script.ts";
import { RESULTS } from "./stubs.ts";
import { pagesOf } from "./touched_pages.ts";

const BUDGET = 1_000_000;
/** Instructions between looks at the ring of requests while regions are asked for. */
const ASKING_BUDGET = 60;
const LIMIT = 200_000;
const ALL_MEMORY = (1n << 54n) - 1n;
const WORD_BYTES = 8;
/** Scripts between two compilations of what they asked for. */
const SCRIPTS_PER_MODULE = 40;
/** Scripts that are asked before the first compilation. */
const FIRST_SCRIPTS = 4;

/** A script and how it differs from what the model says. */
export interface MmuDifference {
  /** Which tier, and the first things that differ. */
  readonly lines: readonly string[];
}

/** How often scripts did what. */
export interface MmuCounts {
  accesses: number;
  faults: number;
  retired: number;
  inRegions: number;
}

/** See the header of this file. */
export class MmuRun {
  readonly #hart: TestHart;
  readonly #compiler: BatchCompiler;
  readonly #hotspots = new Map<string, Hotspot>();
  #untilModule = FIRST_SCRIPTS;
  /** What the scripts did. */
  readonly counts: MmuCounts = { accesses: 0, faults: 0, retired: 0, inRegions: 0 };

  /** A hart with this cold tier. */
  constructor(coldTier: WebAssembly.Module) {
    this.#hart = new TestHart(coldTier);
    this.#compiler = new BatchCompiler(this.#hart.words, this.#hart.frontend);
  }

  /** Compares a script; null when it does what the model says, undefined when it has no one meaning. */
  compare(script: MmuScript): MmuDifference | null | undefined {
    const expected = modelOf(script);
    if (expected === null) return undefined;
    const image = scriptImage(script);
    if (--this.#untilModule <= 0) this.#compile(script, image);
    const { memory } = this.#hart.vcpu;
    const cold = this.#check("cold tier", script, image, expected, Heat.NEVER, true);
    if (cold !== null) return cold;
    const before = memory.wideControl(Control.HOT_RETIRED);
    const hot = this.#check("hot tier", script, image, expected, Heat.NEVER, false);
    this.counts.inRegions += memory.wideControl(Control.HOT_RETIRED) - before;
    this.counts.retired += memory.retired();
    this.counts.accesses += expected.outcomes.length;
    this.counts.faults += expected.outcomes.filter(({ cause }) => cause < 8n || cause > 11n).length;
    return hot;
  }

  /** Regions for what this script executes, beside those of scripts before. */
  #compile(script: MmuScript, image: Uint8Array): void {
    this.#untilModule = SCRIPTS_PER_MODULE;
    this.#run(script, image, Heat.ALWAYS, false);
    for (const spot of this.#compiler.takeHotspots()) {
      this.#hotspots.set(`${spot.pages.join()}.${spot.offset}.${spot.modeKey}`, spot);
    }
    const spots = [...this.#hotspots.values()];
    this.#hart.publish(this.#compiler.compile(spots, { passes: PIPELINE, wantsReport: false }));
  }

  #check(
    tier: string,
    script: MmuScript,
    image: Uint8Array,
    expected: Expected,
    heat: number,
    isColdOnly: boolean,
  ): MmuDifference | null {
    if (!this.#run(script, image, heat, isColdOnly)) return { lines: [`${tier}: it does not end`] };
    const lines = differences(script.steps, this.#hart.ram, expected);
    return lines.length === 0 ? null : { lines: lines.map((line) => `${tier}: ${line}`) };
  }

  #run({ features }: MmuScript, image: Uint8Array, heat: number, isColdOnly: boolean): boolean {
    const hart = this.#hart;
    hart.setRam(image);
    hart.reset([
      ["pc", 0, DRIVER_START],
      ["features", 0, features],
      ["menvcfg", 0, 0n],
      ["mtvec", 0, DRIVER_HANDLER],
      ["pmpaddr", 3, ALL_MEMORY],
      ["pmpcfg", 0, LAST_CONFIGURATION],
    ]);
    hart.vcpu.memory.setControl(Control.COLD_ONLY, isColdOnly ? 1 : 0);
    const isEnded = hart.run({
      heat,
      nextBudget: () => heat === Heat.NEVER ? BUDGET : ASKING_BUDGET,
      isInterrupted: () => false,
      onVisit: () => this.#compiler.takeRequests(),
      limit: LIMIT,
    });
    hart.vcpu.memory.setControl(Control.COLD_ONLY, 0);
    return isEnded;
  }
}

interface Expected {
  readonly outcomes: readonly AccessOutcome[];
  readonly memory: Uint8Array;
}

function modelOf(script: MmuScript): Expected | null {
  const model = new MmuModel(scriptImage(script), script, pagesOf(script.steps));
  try {
    const outcomes = script.steps.flatMap((step) => model.step(step) ?? []);
    return { outcomes, memory: model.memory };
  } catch (error) {
    if (error instanceof NoMeaning) return null;
    throw error;
  }
}

function differences(steps: readonly MmuStep[], ram: Uint8Array, expected: Expected): string[] {
  const lines: string[] = [];
  const view = new DataView(ram.buffer, ram.byteOffset, ram.length);
  const { accesses } = scriptCommands(steps);
  accesses.forEach((command, index) => {
    const at = Frame.SCRIPT * PAGE_BYTES + command * CommandField.BYTES;
    const read = (offset: number): bigint => view.getBigUint64(at + offset, true);
    const { cause, value, pc, results } = expected.outcomes[index];
    const fields: readonly (readonly [string, bigint, bigint])[] = [
      ["cause", read(CommandField.CAUSE), cause],
      ["value", read(CommandField.TRAP_VALUE), value],
      ["pc", read(CommandField.TRAP_PC), pc],
      ...Array.from(
        { length: RESULTS },
        (_, i) => [`result ${i}`, read(CommandField.RESULTS + WORD_BYTES * i), results[i]] as const,
      ),
    ];
    for (const [name, given, wanted] of fields) {
      if (given === wanted) continue;
      lines.push(`access ${index}, ${name}: ${given.toString(16)}, model ${wanted.toString(16)}`);
    }
  });
  for (let at = Frame.STUBS * PAGE_BYTES; at < Frame.LIMIT * PAGE_BYTES; at += WORD_BYTES) {
    const given = view.getBigUint64(at, true);
    const wanted = new DataView(expected.memory.buffer).getBigUint64(at, true);
    if (given !== wanted) {
      lines.push(`memory ${at.toString(16)}: ${given.toString(16)}, model ${wanted.toString(16)}`);
    }
  }
  return lines;
}
