import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Builder } from "../../ir/builder.ts";
import { StateLayout } from "../../ir/guest_state.ts";
import { type Block, type MemoryAttribute, Region } from "../../ir/region.ts";
import { accessGroups, distanceOf } from "./access_groups.ts";

const LAYOUT = new StateLayout([{ name: "x", type: "i64", count: 4, promotable: true }]);
const X = LAYOUT.slot("x");
const WINDOW_BYTES = 1024;

interface Access {
  readonly base: number;
  readonly distance: number;
  readonly width: 8 | 16 | 32 | 64;
  readonly isStore: boolean;
}

function blockOf(accesses: readonly Access[]): Block {
  const region = new Region("r", "region");
  const block = region.addBlock();
  const b = new Builder(region);
  b.setBlock(block);
  const bases = [0, 1].map((index) => b.getState(X, index));
  for (const { base, distance, width, isStore } of accesses) {
    const address = distance === 0 ? bases[base] : b.add(bases[base], b.i64(distance));
    if (isStore) b.store(address, bases[0], { width });
    else b.load(address, { width });
  }
  return block;
}

const load = (distance: number, width: Access["width"] = 64): Access => ({
  base: 0,
  distance,
  width,
  isStore: false,
});

const access: fc.Arbitrary<Access> = fc.record({
  base: fc.nat(1),
  distance: fc.oneof(fc.integer({ min: -40, max: 40 }), fc.constantFrom(-2000, 900, 1016, 2000)),
  width: fc.constantFrom(8, 16, 32, 64),
  isStore: fc.boolean(),
});

Deno.test("one check of a group's window decides for all of its members", () => {
  let grouped = 0;
  fc.assert(
    fc.property(fc.array(access, { maxLength: 6 }), (accesses) => {
      const block = blockOf(accesses);
      const groups = accessGroups(block);
      for (const [member, group] of groups) {
        grouped++;
        const { width } = member.attribute as MemoryAttribute;
        const [address] = member.operands;
        const bytes = width / 8;
        const start = distanceOf(address) - group.low;
        assertEquals(member.opcode, group.first.opcode);
        assert(address === group.base || address.operands.includes(group.base));
        assert(start >= 0 && start + bytes <= group.span && group.span <= WINDOW_BYTES);
        // Where the lowest address is aligned for the widest member, this one is aligned.
        assertEquals(start % bytes, 0);
        assert(group.alignment >= bytes);
        assert(block.operations.indexOf(group.first) <= block.operations.indexOf(member));
        assertEquals(groups.get(group.first), group);
      }
    }),
    { numRuns: 500 },
  );
  assert(grouped > 100, `${grouped}`);
});

Deno.test("neighbouring loads off one register form a group with its bounds", () => {
  const block = blockOf([load(16), load(-8), load(4, 32)]);
  const groups = accessGroups(block);
  const [group] = groups.values();
  assertEquals(groups.size, 3);
  assertEquals([group.low, group.span, group.alignment], [-8, 32, 8]);
  assertEquals(group.first, block.operations.find(({ opcode }) => opcode === "guest.load"));
});

Deno.test("lone accesses, windows too wide and mixed alignments form no group", () => {
  for (
    const accesses of [
      [load(8)],
      [load(0), { ...load(8), isStore: true }],
      [load(0), { ...load(8), base: 1 }],
      [load(0), load(1024)],
      [load(4, 32), load(8)],
    ]
  ) assertEquals(accessGroups(blockOf(accesses)).size, 0);
  assertEquals(accessGroups(blockOf([load(0), load(1016)])).size, 2);
});
