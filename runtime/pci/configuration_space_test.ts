import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { CONFIGURATION_WORDS, Header } from "./configuration_registers.ts";
import { ConfigurationLayout, ConfigurationSpace } from "./configuration_space.ts";

const BASE = 64;

function createSpace(): { readonly space: ConfigurationSpace; readonly words: Int32Array } {
  const words = new Int32Array(new SharedArrayBuffer((BASE + CONFIGURATION_WORDS + 1) * 4));
  const layout = new ConfigurationLayout()
    .set(Header.IDENTITY, 0x1041_1af4)
    .set(0x40, 0xabcd_0000 | 0)
    .allow(0x40, 0xff);
  return { space: new ConfigurationSpace(words, BASE, layout), words };
}

Deno.test("a configuration space keeps what may be written, and what is fixed", () => {
  const { space } = createSpace();
  for (let index = 0; index < CONFIGURATION_WORDS; index++) space.write(index, -1, -1);
  assertEquals(space.at(Header.IDENTITY), 0x1041_1af4);
  assertEquals(space.at(Header.COMMAND), 0x0507);
  assertEquals(space.at(Header.CACHE_LINE), 0xff);
  assertEquals(space.at(Header.INTERRUPT), 0xff);
  assertEquals(space.at(0x40), 0xabcd_00ff | 0);
  assertEquals(space.at(0x44), 0);
});

Deno.test("a write changes its own bytes only", () => {
  const { space } = createSpace();
  space.write(Header.COMMAND >> 2, 0x0004, 0xff);
  space.write(Header.COMMAND >> 2, 0x0400, 0xff00);
  assertEquals(space.at(Header.COMMAND), 0x0404);
  space.write(Header.COMMAND >> 2, 0, 0xff);
  assertEquals(space.at(Header.COMMAND), 0x0400);
});

Deno.test("whatever is written, fixed bits stay, and no word beside the space changes", () => {
  const write = fc.record({
    index: fc.nat({ max: CONFIGURATION_WORDS - 1 }),
    value: fc.integer(),
    bits: fc.integer(),
  });
  fc.assert(
    fc.property(fc.array(write, { maxLength: 50 }), (writes) => {
      const { space, words } = createSpace();
      const fresh = createSpace().space;
      for (const { index, value, bits } of writes) {
        const before = space.word(index);
        space.write(index, value, bits);
        assertEquals(space.word(index) & ~bits, before & ~bits);
      }
      assertEquals(space.at(Header.IDENTITY), fresh.at(Header.IDENTITY));
      assertEquals(space.at(0x40) & ~0xff, fresh.at(0x40));
      assertEquals([words[BASE - 1], words[BASE + CONFIGURATION_WORDS]], [0, 0]);
    }),
  );
});
