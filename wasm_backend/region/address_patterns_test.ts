import { assertEquals } from "@std/assert";
import { Builder } from "../../ir/builder.ts";
import { StateLayout } from "../../ir/guest_state.ts";
import { type Block, type Operation, Region } from "../../ir/region.ts";
import { type AddressPattern, AddressPatterns } from "./address_patterns.ts";

const X = new StateLayout([{ name: "x", type: "i64", count: 8, promotable: true }]).slot("x");
const [BASE, INDEX, DATA, OTHER] = [1, 2, 3, 4];
const WORD = { width: 64 } as const;

/** Pattern of the address that the body of a loop gives. Outside of the loop all are steps. */
function patternOf(body: (b: Builder) => Operation): AddressPattern {
  const region = new Region("r", "region");
  const [before, loop] = [region.addBlock(), region.addBlock()];
  const b = new Builder(region);
  b.setBlock(loop);
  const address = body(b);
  const blocks = new Set([loop]);
  const patterns = new AddressPatterns((block: Block) => block === loop ? blocks : null);
  assertEquals(patterns.of(address, before), "steps");
  return patterns.of(address, loop);
}

const x = (b: Builder, index: number): Operation => b.getState(X, index);

const STEPPING: Record<string, (b: Builder) => Operation> = {
  "an address that stays": (b) => x(b, BASE),
  "a place in the code": (b) => b.append("guest.pc_relative", "i64", [], { offset: 64 }),
  "a pointer that is moved by a constant": (b) => {
    b.setState(X, b.add(x(b, BASE), b.i64(8)), BASE);
    return x(b, BASE);
  },
  "a pointer that is moved back by a register that stays": (b) => {
    b.setState(X, b.op("i64.sub", x(b, BASE), x(b, OTHER)), BASE);
    return x(b, BASE);
  },
  "an index, scaled and added to a base": (b) => {
    const address = b.add(x(b, BASE), b.op("i64.shl", x(b, INDEX), b.i64(3)));
    b.setState(X, b.op("i64.extend32_s", b.add(x(b, INDEX), b.i64(1))), INDEX);
    return address;
  },
  "an index times a row": (b) => {
    b.setState(X, b.add(x(b, INDEX), b.i64(1)), INDEX);
    return b.add(x(b, BASE), b.op("i64.mul", x(b, INDEX), x(b, OTHER)));
  },
  "pointers that are copied from each other": (b) => {
    b.setState(X, x(b, INDEX), BASE);
    b.setState(X, b.add(x(b, BASE), b.i64(8)), INDEX);
    return x(b, INDEX);
  },
  "a register that holds data later in the loop": (b) => {
    b.setState(X, b.add(x(b, BASE), b.i64(8)), DATA);
    const address = x(b, DATA);
    b.setState(X, b.load(address, WORD), DATA);
    return address;
  },
};

const SCATTERED: Record<string, (b: Builder) => Operation> = {
  "a loaded pointer": (b) => b.load(x(b, BASE), WORD),
  "a chain of pointers": (b) => {
    b.setState(X, b.load(x(b, BASE), WORD), BASE);
    return x(b, BASE);
  },
  "a table behind data": (b) => {
    const index = b.op("i64.and", b.load(x(b, INDEX), WORD), b.i64(255));
    return b.add(x(b, BASE), b.op("i64.shl", index, b.i64(2)));
  },
  "a table behind a hash": (b) => {
    const hash = b.op("i64.xor", x(b, DATA), b.op("i64.shl", x(b, DATA), b.i64(13)));
    b.setState(X, hash, DATA);
    return b.add(x(b, BASE), b.op("i64.and", x(b, DATA), b.i64(0xff8)));
  },
  "the middle between two ends": (b) => {
    const sum = b.add(x(b, INDEX), x(b, OTHER));
    b.setState(X, b.op("i64.shr_u", sum, b.i64(1)), DATA);
    b.setState(X, b.add(x(b, DATA), b.i64(1)), INDEX);
    return b.add(x(b, BASE), x(b, INDEX));
  },
  "a pointer that is moved by data": (b) => {
    b.setState(X, b.add(x(b, BASE), b.load(x(b, INDEX), WORD)), BASE);
    return x(b, BASE);
  },
};

const STRIDING: Record<string, (b: Builder) => Operation> = {
  "a pointer that is moved by a row": (b) => {
    b.setState(X, b.add(x(b, BASE), b.i64(448)), BASE);
    return x(b, BASE);
  },
  "a pointer that is moved back by a row": (b) => {
    b.setState(X, b.op("i64.sub", x(b, BASE), b.i64(448)), BASE);
    return b.add(x(b, BASE), b.i64(8));
  },
  "a pointer that is moved by halves of a row": (b) => {
    b.setState(X, b.add(x(b, BASE), b.i64(224)), BASE);
    const address = x(b, BASE);
    b.setState(X, b.add(x(b, BASE), b.i64(224)), BASE);
    return address;
  },
  "an index of rows": (b) => {
    const address = b.add(x(b, OTHER), b.op("i64.shl", x(b, INDEX), b.i64(12)));
    b.setState(X, b.op("i64.extend32_s", b.add(x(b, INDEX), b.i64(1))), INDEX);
    return address;
  },
  "an index times a long row": (b) => {
    b.setState(X, b.add(x(b, INDEX), b.i64(1)), INDEX);
    return b.add(x(b, BASE), b.op("i64.mul", x(b, INDEX), b.i64(1200)));
  },
};

for (const [name, body] of Object.entries(STRIDING)) {
  Deno.test(`${name} makes strides`, () => assertEquals(patternOf(body), "strides"));
}

for (const [name, body] of Object.entries(STEPPING)) {
  Deno.test(`${name} makes steps`, () => assertEquals(patternOf(body), "steps"));
}

for (const [name, body] of Object.entries(SCATTERED)) {
  Deno.test(`${name} is scattered`, () => assertEquals(patternOf(body), "scattered"));
}
