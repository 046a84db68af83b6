import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { ValueMap } from "./value_map.ts";

interface Pair {
  readonly a: number;
  readonly b: number;
}

/** Most keys are in one of two chains. */
const KIND = {
  hash: ({ a }: Pair) => a & 1,
  isSame: (one: Pair, other: Pair) => one.a === other.a && one.b === other.b,
};

Deno.test("a map by value does what a map by text does, in its order, however keys collide", () => {
  const pair = fc.record({ a: fc.nat(4), b: fc.nat(2) });
  const step = fc.record({ key: pair, value: fc.nat(9), isDelete: fc.boolean() });
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const map = new ValueMap<Pair, number>(KIND);
    const model = new Map<string, { key: Pair; value: number }>();
    for (const { key, value, isDelete } of steps) {
      const text = `${key.a} ${key.b}`;
      if (isDelete) {
        map.delete({ ...key });
        model.delete(text);
      } else {
        map.set({ ...key }, value);
        model.set(text, { key, value });
      }
      assertEquals([map.has(key), map.get(key)], [model.has(text), model.get(text)?.value]);
      assertEquals(map.values(), [...model.values()].map((one) => one.value));
      assertEquals([map.size, map.oldest], [model.size, [...model.values()][0]?.key]);
    }
  }));
});
