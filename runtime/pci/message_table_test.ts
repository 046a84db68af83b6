import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { createMmioAccess } from "../devices/device.ts";
import { NO_ANSWER } from "./configuration_registers.ts";
import { MESSAGE_TABLE_WORDS, MessageTable, PENDING_OFFSET } from "./message_table.ts";

const VECTORS = 3;
const ENTRY_BYTES = 16;
const CONTROL = 12;

class Bench {
  readonly words = new Int32Array(new SharedArrayBuffer(MESSAGE_TABLE_WORDS * 4));
  readonly sent: [address: number, data: number][] = [];
  readonly access = createMmioAccess(0);
  isOpen = true;
  readonly table = new MessageTable({
    words: this.words,
    base: 0,
    post: { send: (address, data) => void this.sent.push([address, data]) },
    vectors: () => VECTORS,
    isOpen: () => this.isOpen,
  });

  read(offset: number, size = 4): [low: number, high: number] {
    Object.assign(this.access, { size, low: 77, high: 77 });
    this.table.load(this.access, offset);
    return [this.access.low, this.access.high];
  }

  write(offset: number, low: number, size = 4, high = 0): void {
    Object.assign(this.access, { size, low, high });
    this.table.store(this.access, offset);
  }

  mask(vector: number, isMasked: boolean): void {
    this.write(vector * ENTRY_BYTES + CONTROL, isMasked ? 1 : 0);
  }
}

Deno.test("entries are masked after a reset, hold words and pairs of words, and end with the last vector", () => {
  const bench = new Bench();
  for (let vector = 0; vector < VECTORS; vector++) {
    assertEquals(bench.read(vector * ENTRY_BYTES + 8, 8), [0, 1]);
  }
  bench.write(16, 0x2800_0000, 8, 3);
  bench.write(24, -1, 8, -1);
  assertEquals([bench.read(16, 8), bench.read(24, 8)], [[0x2800_0000, 3], [-1, -1]]);
  bench.write(16, 5, 2);
  assertEquals([bench.read(16), bench.read(16, 2)], [[0x2800_0000, 0], [0, 0]]);
  bench.write(VECTORS * ENTRY_BYTES, 5);
  assertEquals(bench.read(VECTORS * ENTRY_BYTES), [NO_ANSWER, 0]);
  bench.write(PENDING_OFFSET, -1);
  assertEquals(bench.read(PENDING_OFFSET, 8), [0, 0]);
  assertEquals(bench.read(PENDING_OFFSET + 8), [NO_ANSWER, 0]);
});

Deno.test("a message goes to the address of its vector, with its number", () => {
  const bench = new Bench();
  bench.write(16, 0x8000_1000, 8, 2);
  bench.write(24, 0xabcd, 8, 0);
  bench.table.send(1);
  assertEquals(bench.sent, [[0x2_8000_1000, 0xabcd]]);
  bench.table.send(VECTORS);
  assertEquals(bench.sent.length, 1);
});

Deno.test("what is masked, a vector or the function, is sent once when it is not any more", () => {
  const bench = new Bench();
  bench.table.send(2);
  bench.table.send(2);
  assertEquals([bench.sent, bench.read(PENDING_OFFSET)[0]], [[], 4]);
  bench.mask(2, false);
  assertEquals([bench.sent.length, bench.read(PENDING_OFFSET)[0]], [1, 0]);
  bench.mask(2, true);
  bench.mask(2, false);
  assertEquals(bench.sent.length, 1);
  bench.isOpen = false;
  bench.table.send(2);
  assertEquals([bench.sent.length, bench.read(PENDING_OFFSET)[0]], [1, 4]);
  bench.isOpen = true;
  bench.table.opened();
  bench.table.opened();
  assertEquals([bench.sent.length, bench.read(PENDING_OFFSET)[0]], [2, 0]);
});

Deno.test("no order of masks and messages loses one, or sends one that nobody asked for", () => {
  const step = fc.tuple(fc.constantFrom("send", "mask", "unmask", "close", "open"), fc.nat(2));
  fc.assert(fc.property(fc.array(step), (steps) => {
    const bench = new Bench();
    const [masked, pending] = [[true, true, true], [false, false, false]];
    for (let vector = 0; vector < VECTORS; vector++) bench.write(vector * ENTRY_BYTES + 8, vector);
    const expected: number[] = [];
    const settle = (): void => {
      for (let vector = 0; vector < VECTORS; vector++) {
        if (!pending[vector] || masked[vector] || !bench.isOpen) continue;
        pending[vector] = false;
        expected.push(vector);
      }
    };
    for (const [kind, vector] of steps) {
      if (kind === "send") {
        bench.table.send(vector);
        pending[vector] = true;
      } else if (kind === "mask" || kind === "unmask") {
        bench.mask(vector, kind === "mask");
        masked[vector] = kind === "mask";
      } else {
        bench.isOpen = kind === "open";
        bench.table.opened();
      }
      settle();
      assertEquals(bench.sent.map(([, data]) => data), expected);
      const bits = pending.reduce((sum, one, index) => sum | (one ? 1 << index : 0), 0);
      assertEquals(bench.read(PENDING_OFFSET)[0], bits);
    }
  }));
});
