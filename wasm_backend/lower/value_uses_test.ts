import { assertEquals } from "@std/assert";
import { Builder } from "../../ir/builder.ts";
import { Region } from "../../ir/region.ts";
import { ValueUses } from "./value_uses.ts";

function blocks() {
  const region = new Region("r", "region");
  const first = region.addBlock();
  const second = region.addBlock();
  const b = new Builder(region);
  b.setBlock(first);
  return { region, first, second, b };
}

Deno.test("every use counts, also two in one operation and those of terminators", () => {
  const { region, second, b } = blocks();
  const address = b.i64(8n);
  const unused = b.i64(5);
  const sum = b.add(address, address);
  b.store(sum, address, { width: 64 });
  b.jump(second);
  b.setBlock(second);
  b.goto(sum, "jump");
  const uses = new ValueUses(region);
  assertEquals([address, unused, sum].map((value) => uses.count(value)), [3, 0, 2]);
});

Deno.test("a value escapes when another block uses it, be it only to end", () => {
  const { region, second, b } = blocks();
  const [condition, local, far, end] = [b.i32(1), b.i64(2), b.i64(3), b.i64(4)];
  b.add(local, local);
  b.branch(condition, second, second);
  b.setBlock(second);
  b.add(far, far);
  b.goto(end, "jump");
  const uses = new ValueUses(region);
  const values = [condition, local, far, end];
  assertEquals(values.map((value) => uses.escapes(value)), [false, false, true, true]);
});
