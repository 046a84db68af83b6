import { assertEquals, assertThrows } from "@std/assert";
import { StateLayout } from "../guest_state.ts";
import { parseModule, parseRegion } from "./parser.ts";
import { printRegion } from "./printer.ts";

const LAYOUT = new StateLayout([
  { name: "x", type: "i64", count: 32, promotable: true },
  { name: "mode", type: "i32" },
]);

const EVERYTHING = `region @"at 0x80" {
  var $count: i32
  entry b0 +0
  entry b3 -8
b0:
  guest.boundary +0 length 4 index 0
  %1 = state.get x[5]
  %2 = i64.const -0x123456789
  %3 = i64.add %1, %2
  state.set x[6] %3
  %5 = state.get mode
  %6 = state.get_at x %5
  state.set_at x %5, %6
  var.set $count %5
  %9 = var.get $count
  %10 = guest.load s32 %3
  guest.store u8 rw+ww %3, %10
  %12 = guest.rmw min_u s64 rr+rw+wr+ww %3, %10
  guest.fence wr
  %14 = call @mix(i64, i32) -> i64 %12, %9
  call @"a b"()
  trap_if %5, %9, %14
  switch %9, [b0, b1], b2
b1:
  %20 = guest.pc_relative -4
  goto call %20, %14
b2:
  branch %9, b0, b3
b3:
  %21 = guest.pc_relative +8
  call %21, %21, b1
}
`;

Deno.test("parseRegion() reads every form that printRegion() writes", () => {
  assertEquals(printRegion(parseRegion(EVERYTHING, LAYOUT)), EVERYTHING);
});

Deno.test("parseModule() reads declarations, comments and several regions", () => {
  const { layout, regions } = parseModule(`
    ; a comment
    state x: i64[2] promotable   ; another
    state mode: i32
    handler @one {
    b0:
      next
    }
    function @two(i64, i32) -> i32 {
    b0:
      %0 = var.get $p1
      return %0
    }
  `);
  assertEquals([...layout.slots()].map(({ name, offset }) => [name, offset]), [["x", 0], [
    "mode",
    16,
  ]]);
  assertEquals(regions.map(({ name, kind }) => [name, kind]), [["one", "handler"], [
    "two",
    "function",
  ]]);
  assertEquals(regions[1].signature?.parameters, ["i64", "i32"]);
});

Deno.test("parseRegion() resolves values defined in a later line", () => {
  const region = parseRegion(
    "region @r {\n entry b0 +0\nb0:\n jump b2\nb1:\n goto jump %7\nb2:\n" +
      " %7 = i64.const 1\n jump b1\n}",
    LAYOUT,
  );
  const end = region.blocks[1].terminator;
  assertEquals(end?.kind === "goto" && end.pc, region.blocks[2].operations[0]);
});

function messageOf(body: string): string {
  return assertThrows(() => parseRegion(body, LAYOUT), SyntaxError).message;
}

Deno.test("parseRegion() tells line and column of a mistake", () => {
  const inBlock = (line: string) => messageOf(`handler @h {\nb0:\n  ${line}\n  next\n}`);
  const at = (place: string, problem: string) => `Cannot parse IR at ${place}: ${problem}`;
  assertEquals(inBlock("%1 = i64.plus %0"), at("3:8", 'unknown opcode, found "i64.plus"'));
  assertEquals(inBlock("i64.eqz %3"), at("3:11", 'value is never defined, found "3"'));
  assertEquals(inBlock("%1 = state.get y"), at("3:18", 'unknown state slot, found "y"'));
  assertEquals(inBlock("var.set $v %1"), at("3:11", 'unknown variable, found "v"'));
  assertEquals(inBlock("jump b7"), at("3:8", 'unknown block, found "b7"'));
  assertEquals(inBlock("%1 = i32.const"), at("3:17", "expected number, found end of line"));
  assertEquals(
    inBlock("%1 = guest.fence rr"),
    at("3:8", 'opcode has no value, found "guest.fence"'),
  );
  assertEquals(
    inBlock("guest.load u24 %1"),
    at("3:14", 'expected an access such as u32, found "u24"'),
  );
  assertEquals(
    inBlock("guest.fence rx"),
    at("3:15", 'expected a memory order such as rr+rw, found "rx"'),
  );
  assertEquals(inBlock("lines.get !"), at("3:13", 'unexpected character "!"'));
  assertEquals(inBlock("lines.get 5"), at("3:13", 'expected end of line, found "5"'));
  assertEquals(
    messageOf("handler @h {\nb0:\n %0 = lines.get\n %0 = lines.get\n next\n}"),
    at("4:2", 'value is defined twice, found "0"'),
  );
  assertEquals(
    messageOf("handler @h {\nb0:\n next\nb0:\n next\n}"),
    at("4:1", 'block is defined twice, found "b0"'),
  );
  assertEquals(
    messageOf("handler @h {\nb0:\n"),
    at("3:1", "expected an opcode or an end of the block, found end of text"),
  );
});
