/** Random regions whose control flow is anything, for tests of analyses. */
import fc from "fast-check";
import { Builder } from "../../ir/builder.ts";
import { StateLayout } from "../../ir/guest_state.ts";
import { type Block, Region } from "../../ir/region.ts";

/** A small register file. */
export const REGISTERS = new StateLayout([
  { name: "x", type: "i64", count: 5, promotable: true },
]).slot("x");
const OFFSET_STEP = 4;

/** What a block does: reads or writes a register, or accesses memory. */
type Step = { readonly kind: "read" | "write" | "access"; readonly register: number };

interface BlockPlan {
  readonly steps: readonly Step[];
  readonly end: "jump" | "branch" | "switch" | "call" | "dispatch" | "goto";
  readonly targets: readonly number[];
  readonly isEntry: boolean;
}

const STEP: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom("read", "write", "access"),
  register: fc.nat(REGISTERS.count - 1),
});

const PLAN: fc.Arbitrary<BlockPlan> = fc.record({
  steps: fc.array(STEP, { maxLength: 4 }),
  end: fc.constantFrom("jump", "branch", "switch", "call", "dispatch", "goto"),
  targets: fc.array(fc.nat(), { minLength: 3, maxLength: 3 }),
  isEntry: fc.boolean(),
});

/** Any region; the first entry, which is the hot one, is any block. */
export function anyRegion(): fc.Arbitrary<Region> {
  const plans = fc.array(PLAN, { minLength: 1, maxLength: 9 });
  return fc.tuple(plans, fc.nat()).map(([all, hot]) => regionOf(all, hot % all.length));
}

function regionOf(plans: readonly BlockPlan[], hot: number): Region {
  const region = new Region("r", "region");
  const blocks = plans.map(() => region.addBlock());
  const builder = new Builder(region);
  plans.forEach((plan, index) => {
    builder.setBlock(blocks[index]);
    plan.steps.forEach((step) => addStep(builder, step));
    addEnd(builder, plan, blocks);
  });
  const others = blocks.filter((_, index) => index !== hot && plans[index].isEntry);
  region.entries = [blocks[hot], ...others].map((block) => ({
    block,
    offset: blocks.indexOf(block) * OFFSET_STEP,
  }));
  return region;
}

function addStep(builder: Builder, { kind, register }: Step): void {
  if (kind === "read") builder.getState(REGISTERS, register);
  else if (kind === "write") builder.setState(REGISTERS, builder.i64(register), register);
  else builder.load(builder.i64(0), { width: 64 });
}

function addEnd(builder: Builder, { end, targets }: BlockPlan, blocks: readonly Block[]): void {
  const [first, second, third] = targets.map((target) => blocks[target % blocks.length]);
  const address = () => builder.i64(0);
  switch (end) {
    case "jump":
      return builder.jump(first);
    case "branch":
      return builder.branch(builder.i32(1), first, second);
    case "switch":
      return builder.terminate({
        kind: "switch",
        index: builder.i32(0),
        targets: [first, second],
        otherwise: third,
      });
    case "call":
      return builder.terminate({ kind: "call", pc: address(), link: address(), then: first });
    case "dispatch":
      return builder.terminate({
        kind: "dispatch",
        pc: address(),
        transfer: "indirect",
        targets: [...new Set([first, second])].map((block) => ({
          offset: blocks.indexOf(block) * OFFSET_STEP,
          block,
        })),
      });
    case "goto":
      return builder.goto(address(), "jump");
  }
}
