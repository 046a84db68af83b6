import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Builder } from "../../ir/builder.ts";
import { type Block, type Operation, Region } from "../../ir/region.ts";
import { cutWindows } from "./cut_windows.ts";

/** What a block does: load-reserved, store-conditional, or a plain load. */
type Step = "lr" | "sc" | "load";

interface Plan {
  readonly steps: readonly Step[];
  /** Blocks that follow: none, one or two. */
  readonly to: readonly number[];
}

const OPCODES: Readonly<Record<string, Step>> = {
  "guest.load_reserved": "lr",
  "guest.store_conditional": "sc",
};

function regionOf(plans: readonly Plan[]): Region {
  const region = new Region("r", "region");
  const blocks = plans.map(() => region.addBlock());
  const builder = new Builder(region);
  plans.forEach(({ steps, to }, index) => {
    builder.setBlock(blocks[index]);
    const zero = builder.i64(0);
    for (const step of steps) {
      if (step === "lr") builder.loadReserved(zero, { width: 32 });
      else if (step === "sc") builder.storeConditional(zero, zero, { width: 32 });
      else builder.load(zero, { width: 32 });
    }
    const [first, second = first] = to.map((target) => blocks[target]);
    if (first === undefined) builder.exit(0, zero);
    else if (to.length === 1) builder.jump(first);
    else builder.branch(builder.i32(1), first, second);
  });
  region.entries = [{ block: blocks[0], offset: 0 }];
  return region;
}

function loadReserveds(region: Region): Operation[] {
  return region.blocks.flatMap(({ operations }) =>
    operations.filter(({ opcode }) => opcode === "guest.load_reserved")
  );
}

/** Numbers of the load-reserveds, in order of blocks, that are found; edges are written "from>to". */
function found(plans: readonly Plan[], ...cuts: string[]): number[] {
  const region = regionOf(plans);
  const number = (block: Block): number => region.blocks.indexOf(block);
  const windows = cutWindows(region, (from, to) => cuts.includes(`${number(from)}>${number(to)}`));
  return loadReserveds(region).flatMap((operation, at) => windows.has(operation) ? [at] : []);
}

const END: Plan = { steps: [], to: [] };

Deno.test("a window that ends in its own block is never left", () => {
  assertEquals(found([{ steps: ["lr", "load", "sc"], to: [1] }, END], "0>1"), []);
});

Deno.test("a window is left where an edge before its store-conditional is cut, and only there", () => {
  const plans: readonly Plan[] = [
    { steps: ["lr"], to: [1] },
    { steps: ["load"], to: [2, 4] },
    { steps: ["sc"], to: [3] },
    { steps: [], to: [0] },
    END,
  ];
  for (const cut of ["0>1", "1>2", "1>4"]) assertEquals(found(plans, cut), [0], cut);
  for (const cut of ["2>3", "3>0"]) assertEquals(found(plans, cut), [], cut);
  assertEquals(found(plans), []);
});

Deno.test("another load-reserved takes the window over", () => {
  const inOneBlock: readonly Plan[] = [{ steps: ["lr", "lr"], to: [1] }, END];
  assertEquals(found(inOneBlock, "0>1"), [1]);
  const inTwo: readonly Plan[] = [{ steps: ["lr"], to: [1] }, { steps: ["lr"], to: [2] }, END];
  assertEquals(found(inTwo, "1>2"), [1]);
  assertEquals(found(inTwo, "0>1"), [0]);
});

Deno.test("a store-conditional before the load-reserved does not end its window", () => {
  assertEquals(found([{ steps: ["sc", "lr"], to: [1] }, { steps: ["sc"], to: [] }], "0>1"), [0]);
});

Deno.test("loops inside a window end the search", () => {
  const plans: readonly Plan[] = [
    { steps: ["lr"], to: [1] },
    { steps: ["load"], to: [1, 2] },
    { steps: ["sc"], to: [] },
  ];
  assertEquals(found(plans), []);
  assertEquals(found(plans, "1>1"), [0]);
  assertEquals(found(plans, "1>2"), [0]);
});

/** Whether some path from a place in a block leaves by a cut edge before the window is over: every path tried. */
function leaves(
  plans: readonly Plan[],
  cuts: ReadonlySet<string>,
  at: number,
  from: number,
  path: readonly number[],
): boolean {
  const { steps, to } = plans[at];
  if (steps.slice(from).some((step) => step !== "load")) return false;
  return to.some((next) =>
    cuts.has(`${at}>${next}`) ||
    (!path.includes(next) && leaves(plans, cuts, next, 0, [...path, next]))
  );
}

Deno.test("any graph: found are those from which a path leaves", () => {
  const plan = fc.record({
    steps: fc.array(fc.constantFrom<Step>("lr", "sc", "load", "load"), { maxLength: 3 }),
    to: fc.array(fc.nat(4), { maxLength: 2 }),
  });
  const cases = fc.record({
    plans: fc.array(plan, { minLength: 5, maxLength: 5 }),
    cuts: fc.uniqueArray(fc.tuple(fc.nat(4), fc.nat(4)).map(([from, to]) => `${from}>${to}`), {
      maxLength: 6,
    }),
  });
  const seen = { left: 0, kept: 0 };
  fc.assert(
    fc.property(cases, ({ plans, cuts }) => {
      const expected = plans.flatMap(({ steps }, block) =>
        steps.flatMap((step, at) =>
          step === "lr" ? [leaves(plans, new Set(cuts), block, at + 1, [])] : []
        )
      );
      const region = regionOf(plans);
      assertEquals(loadReserveds(region).length, expected.length);
      assertEquals(found(plans, ...cuts), expected.flatMap((isLeft, at) => isLeft ? [at] : []));
      for (const isLeft of expected) seen[isLeft ? "left" : "kept"]++;
    }),
    { numRuns: 2000 },
  );
  assert(seen.left > 100 && seen.kept > 100, `${seen.left} ${seen.kept}`);
});

Deno.test("the steps of a plan are the operations of its block", () => {
  const steps: readonly Step[] = ["sc", "load", "lr"];
  const [{ operations }] = regionOf([{ steps, to: [] }]).blocks;
  const accesses = operations.filter(({ opcode }) => opcode.startsWith("guest."));
  assertEquals(accesses.map(({ opcode }) => OPCODES[opcode] ?? "load"), steps);
});
