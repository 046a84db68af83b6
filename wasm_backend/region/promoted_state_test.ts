import { assert, assertEquals, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { Builder, successors } from "../../ir/builder.ts";
import { StateLayout } from "../../ir/guest_state.ts";
import { type Block, type Operation, Region, type SlotAttribute } from "../../ir/region.ts";
import { PromotedState } from "./promoted_state.ts";
import { anyRegion, REGISTERS } from "./region_fixture.ts";

const STEPS = 40;

/** Runs a region as compiled code does: registers in locals, and in memory only where it is observed. */
class PromotedRun {
  readonly #state: PromotedState;
  readonly #observed: ReadonlySet<Block>;
  readonly #truth: number[];
  readonly #memory: number[];
  #locals: (number | undefined)[] = [];
  #next = 100;
  observations = 0;

  constructor(region: Region, observed: ReadonlySet<Block>) {
    this.#state = new PromotedState(region, observed);
    this.#observed = observed;
    this.#truth = Array.from({ length: REGISTERS.count }, (_, register) => register);
    this.#memory = [...this.#truth];
  }

  walk(entry: Block, choices: readonly number[]): void {
    this.#load(entry);
    let block: Block | undefined = entry;
    for (let step = 0; block !== undefined && step < choices.length; step++) {
      const targets: Block[] = this.#run(block);
      block = targets[choices[step] % targets.length];
    }
  }

  #load(block: Block): void {
    this.#locals = [];
    for (const element of this.#state.liveIn(block).elements()) {
      const { index } = this.#state.elements[element];
      this.#locals[index] = this.#memory[index];
    }
  }

  #run(block: Block): Block[] {
    const dirty = this.#state.dirtyIn(block);
    const observe = (): void => {
      this.observations++;
      for (const element of dirty.elements()) {
        const { index } = this.#state.elements[element];
        const value = this.#locals[index];
        assertNotEquals(value, undefined, "a local is stored that was never loaded");
        this.#memory[index] = value as number;
      }
      assertEquals(this.#memory, this.#truth);
    };
    if (this.#observed.has(block)) observe();
    for (const operation of block.operations) {
      if (operation.opcode === "guest.load") observe();
      if (this.#access(operation)) dirty.add(this.#state.number(attributeOf(operation)));
    }
    const { kind } = block.terminator ?? {};
    if (kind === "call" || kind === "goto") observe();
    if (kind === "call") this.#callGuest(block);
    return successors(block);
  }

  /** @returns whether the operation wrote a register. */
  #access(operation: Operation): boolean {
    if (operation.opcode === "state.get") {
      const { index } = attributeOf(operation);
      assertEquals(this.#locals[index], this.#truth[index]);
    }
    if (operation.opcode !== "state.set") return false;
    const { index } = attributeOf(operation);
    this.#truth[index] = this.#next++;
    this.#locals[index] = this.#truth[index];
    return true;
  }

  /** The callee changes every register. */
  #callGuest(block: Block): void {
    for (let index = 0; index < REGISTERS.count; index++) {
      this.#truth[index] = this.#next++;
      this.#memory[index] = this.#truth[index];
    }
    this.#load(successors(block)[0]);
  }
}

function attributeOf({ attribute }: Operation): SlotAttribute {
  return attribute as SlotAttribute;
}

Deno.test("wherever state is observed memory is as if registers were never in locals", () => {
  let observations = 0;
  const choices = fc.array(fc.nat(), { minLength: STEPS, maxLength: STEPS });
  fc.assert(
    fc.property(anyRegion(), fc.nat(), choices, (region, mask, way) => {
      const observed = new Set(region.blocks.filter(({ id }) => ((mask >> id) & 1) === 1));
      for (const { block } of region.entries) {
        const run = new PromotedRun(region, observed);
        run.walk(block, way);
        observations += run.observations;
      }
    }),
    { numRuns: 400 },
  );
  assert(observations > 1000, `${observations}`);
});

Deno.test("nothing is loaded for a register that is written before it is read or observed", () => {
  const region = new Region("r", "region");
  const b = new Builder(region);
  const block = region.addBlock();
  b.setBlock(block);
  b.setState(REGISTERS, b.i64(1), 3);
  b.getState(REGISTERS, 3);
  b.getState(REGISTERS, 1);
  b.goto(b.i64(0), "jump");
  region.entries = [{ block, offset: 0 }];
  const state = new PromotedState(region, new Set());
  const live = [...state.liveIn(block).elements()].map((at) => state.elements[at].index);
  assertEquals(live, [1]);
  assertEquals([...state.dirtyIn(block).elements()], []);
});

Deno.test("state that may not be promoted is left alone", () => {
  const layout = new StateLayout([{ name: "control", type: "i64" }]);
  const region = new Region("r", "region");
  const b = new Builder(region);
  b.setBlock(region.addBlock());
  b.setState(layout.slot("control"), b.getState(layout.slot("control")));
  b.goto(b.i64(0), "jump");
  assertEquals(new PromotedState(region, new Set()).elements, []);
});
