import { assertEquals } from "@std/assert";
import { FloatFlag, RoundingMode } from "../../softfloat/format.ts";
import { Cause } from "../privileged/causes.ts";
import {
  boxed,
  double,
  DYNAMIC,
  environmentOf,
  execute,
  FLOAT_ROWS,
  floatResult,
  integerResult,
  RAM_BASE,
  REGISTERS,
  single,
} from "./float_fixture.ts";

const ILLEGAL_INSTRUCTION = BigInt(Cause.ILLEGAL_INSTRUCTION);

const NAN_D = 0x7ff8_0000_0000_0000n;
const SIGNALING_D = 0x7ff0_0000_0000_0001n;
const NAN_S = boxed(0x7fc0_0000n);
const SIGNALING_S = boxed(0x7f80_0001n);
const { INEXACT, INVALID, DIVIDE_BY_ZERO } = FloatFlag;

Deno.test("Float arithmetic reads and writes float registers in both precisions", () => {
  assertEquals(floatResult("fadd.d", { f: [double(1.5), double(2.25)] }), [double(3.75), 0]);
  assertEquals(floatResult("fsub.d", { f: [double(1.5), double(2.25)] }), [double(-0.75), 0]);
  assertEquals(floatResult("fmul.d", { f: [double(1.5), double(2.25)] }), [double(3.375), 0]);
  assertEquals(floatResult("fdiv.d", { f: [double(1), double(0)] }), [
    double(Infinity),
    DIVIDE_BY_ZERO,
  ]);
  assertEquals(floatResult("fsqrt.d", { f: [double(2.25)] }), [double(1.5), 0]);
  assertEquals(floatResult("fadd.s", { f: [single(1.5), single(2.25)] }), [single(3.75), 0]);
  assertEquals(floatResult("fsub.s", { f: [single(1.5), single(2.25)] }), [single(-0.75), 0]);
  assertEquals(floatResult("fmul.s", { f: [single(1.5), single(2.25)] }), [single(3.375), 0]);
  assertEquals(floatResult("fdiv.s", { f: [single(1), single(3)] }), [single(1 / 3), INEXACT]);
  assertEquals(floatResult("fsqrt.s", { f: [single(-1)] }), [NAN_S, INVALID]);
});

Deno.test("Fused multiply-add and its three negations have the manual's signs", () => {
  const [a, b, c] = [2, 3, 10];
  const results = { fmadd: 16, fmsub: -4, fnmsub: 4, fnmadd: -16 };
  for (const [name, result] of Object.entries(results)) {
    const doubles = { f: [double(a), double(b), double(c)] };
    const singles = { f: [single(a), single(b), single(c)] };
    assertEquals(floatResult(`${name}.d`, doubles), [double(result), 0]);
    assertEquals(floatResult(`${name}.s`, singles), [single(result), 0]);
  }
});

Deno.test("A register that holds no boxed single reads as the canonical NaN", () => {
  const unboxed = single(1) & ~(1n << 40n);
  assertEquals(floatResult("fadd.s", { f: [unboxed, single(1)] }), [NAN_S, 0]);
  assertEquals(floatResult("fsgnjn.s", { f: [single(1), unboxed] }), [single(-1), 0]);
  assertEquals(floatResult("fcvt.d.s", { f: [unboxed] }), [NAN_D, 0]);
  assertEquals(integerResult("fclass.s", { f: [unboxed] }), [1n << 9n, 0]);
  assertEquals(integerResult("fmv.x.w", { f: [0x1234_5678_8765_4321n] }), [
    BigInt.asIntN(64, 0xffff_ffff_8765_4321n),
    0,
  ]);
});

Deno.test("Sign injection takes, inverts or combines signs and passes NaNs through", () => {
  const cases: [name: string, magnitude: number, sign: number, result: number][] = [
    ["fsgnj", 1.5, -2, -1.5],
    ["fsgnj", -1.5, 2, 1.5],
    ["fsgnjn", 1.5, 2, -1.5],
    ["fsgnjn", -1.5, -2, 1.5],
    ["fsgnjx", 1.5, -2, -1.5],
    ["fsgnjx", -1.5, -2, 1.5],
    ["fsgnjx", -1.5, 2, -1.5],
  ];
  for (const [name, magnitude, sign, result] of cases) {
    const [doubles, singles] = [double, single].map((bits) => [bits(magnitude), bits(sign)]);
    assertEquals(floatResult(`${name}.d`, { f: doubles }), [double(result), 0]);
    assertEquals(floatResult(`${name}.s`, { f: singles }), [single(result), 0]);
  }
  assertEquals(floatResult("fsgnj.d", { f: [SIGNALING_D, double(1)] }), [SIGNALING_D, 0]);
});

Deno.test("Minimum and maximum order zeros, prefer numbers and signal invalid", () => {
  const cases: [bigint, bigint, bigint, bigint, number][] = [
    [double(1), double(2), double(1), double(2), 0],
    [double(-1), double(-2), double(-2), double(-1), 0],
    [double(-1), double(2), double(-1), double(2), 0],
    [double(-0), double(0), double(-0), double(0), 0],
    [double(0), double(-0), double(-0), double(0), 0],
    [double(-Infinity), double(Infinity), double(-Infinity), double(Infinity), 0],
    [NAN_D, double(1), double(1), double(1), 0],
    [double(1), NAN_D | 5n, double(1), double(1), 0],
    [NAN_D | 5n, NAN_D | 6n, NAN_D, NAN_D, 0],
    [SIGNALING_D, double(1), double(1), double(1), INVALID],
    [double(1), SIGNALING_D, double(1), double(1), INVALID],
    [SIGNALING_D, NAN_D, NAN_D, NAN_D, INVALID],
  ];
  for (const [a, b, minimum, maximum, flags] of cases) {
    assertEquals(floatResult("fmin.d", { f: [a, b] }), [minimum, flags]);
    assertEquals(floatResult("fmax.d", { f: [a, b] }), [maximum, flags]);
  }
  assertEquals(floatResult("fmin.s", { f: [single(-0), single(0)] }), [single(-0), 0]);
  assertEquals(floatResult("fmax.s", { f: [SIGNALING_S, single(3)] }), [single(3), INVALID]);
});

Deno.test("Comparisons give 0 or 1; only equality is quiet about quiet NaNs", () => {
  const cases: [bigint, bigint, bigint[], number[]][] = [
    [double(1), double(1), [1n, 0n, 1n], [0, 0, 0]],
    [double(1), double(2), [0n, 1n, 1n], [0, 0, 0]],
    [double(2), double(1), [0n, 0n, 0n], [0, 0, 0]],
    [double(-0), double(0), [1n, 0n, 1n], [0, 0, 0]],
    [NAN_D, double(0), [0n, 0n, 0n], [0, INVALID, INVALID]],
    [double(0), SIGNALING_D, [0n, 0n, 0n], [INVALID, INVALID, INVALID]],
  ];
  for (const [a, b, results, flags] of cases) {
    ["feq.d", "flt.d", "fle.d"].forEach((name, i) => {
      assertEquals(integerResult(name, { f: [a, b] }), [results[i], flags[i]], name);
    });
  }
  assertEquals(integerResult("feq.s", { f: [SIGNALING_S, single(0)] }), [0n, INVALID]);
  assertEquals(integerResult("flt.s", { f: [single(-1), single(0)] }), [1n, 0]);
  assertEquals(integerResult("fle.s", { f: [NAN_S, single(0)] }), [0n, INVALID]);
});

Deno.test("Classification knows ten classes in both precisions", () => {
  const values = [-Infinity, -1, -(2 ** -1074), -0, 0, 2 ** -1074, 1, Infinity];
  [...values.map(double), SIGNALING_D, NAN_D | 1n].forEach((bits, index) => {
    assertEquals(integerResult("fclass.d", { f: [bits] }), [1n << BigInt(index), 0]);
  });
  const singles = [-Infinity, -1, -(2 ** -149), -0, 0, 2 ** -149, 1, Infinity];
  [...singles.map(single), SIGNALING_S, NAN_S | 1n].forEach((bits, index) => {
    assertEquals(integerResult("fclass.s", { f: [bits] }), [1n << BigInt(index), 0]);
  });
});

Deno.test("Conversions to integers round, saturate and sign-extend words", () => {
  const up = { fields: { rm: RoundingMode.UP } };
  assertEquals(integerResult("fcvt.w.d", { f: [double(-1.5)], ...up }), [-1n, INEXACT]);
  assertEquals(integerResult("fcvt.wu.d", { f: [double(2 ** 32 - 1)] }), [-1n, 0]);
  assertEquals(integerResult("fcvt.wu.d", { f: [double(-1)] }), [0n, INVALID]);
  assertEquals(integerResult("fcvt.l.d", { f: [NAN_D] }), [2n ** 63n - 1n, INVALID]);
  assertEquals(integerResult("fcvt.lu.d", { f: [double(2 ** 63)] }), [-(2n ** 63n), 0]);
  assertEquals(integerResult("fcvt.w.s", { f: [single(2.5)] }), [2n, INEXACT]);
  assertEquals(integerResult("fcvt.wu.s", { f: [SIGNALING_S] }), [-1n, INVALID]);
  assertEquals(integerResult("fcvt.l.s", { f: [single(-3)] }), [-3n, 0]);
  assertEquals(integerResult("fcvt.lu.s", { f: [single(Infinity)] }), [-1n, INVALID]);
});

Deno.test("Conversions toward zero have the range of their type, and its flags", () => {
  const cases: [name: string, operand: number, result: bigint, flags: number][] = [
    ["fcvt.w.d", -(2 ** 31) - 0.5, -(2n ** 31n), INEXACT],
    ["fcvt.w.d", 2 ** 31 - 0.5, 2n ** 31n - 1n, INEXACT],
    ["fcvt.w.d", 2 ** 31, 2n ** 31n - 1n, INVALID],
    ["fcvt.w.d", -(2 ** 31) - 1, -(2n ** 31n), INVALID],
    ["fcvt.wu.d", 2 ** 32 - 0.5, -1n, INEXACT],
    ["fcvt.wu.d", 2 ** 32, -1n, INVALID],
    ["fcvt.wu.d", -0.5, 0n, INEXACT],
    ["fcvt.wu.d", -0, 0n, 0],
    ["fcvt.l.d", -(2 ** 63), -(2n ** 63n), 0],
    ["fcvt.l.d", 2 ** 63, 2n ** 63n - 1n, INVALID],
    ["fcvt.lu.d", 2 ** 64 - 2 ** 11, -(2n ** 11n), 0],
    ["fcvt.lu.d", 2 ** 64, -1n, INVALID],
    ["fcvt.lu.d", -1, 0n, INVALID],
    ["fcvt.l.d", NaN, 2n ** 63n - 1n, INVALID],
    ["fcvt.wu.d", NaN, -1n, INVALID],
  ];
  const fields = { rm: RoundingMode.TOWARD_ZERO };
  for (const [name, operand, result, flags] of cases) {
    for (const before of [0, INEXACT]) {
      const { state } = execute(name, { f: [double(operand)], fields, fflags: before });
      const seen = [state.read("x", REGISTERS.rd), Number(state.read("fflags"))];
      assertEquals(seen, [result, flags | before], `${name} ${operand} after ${before}`);
    }
  }
});

Deno.test("Conversions from integers take words or doublewords, signed or not", () => {
  const x = 0xffff_ffff_ffff_fffdn;
  assertEquals(floatResult("fcvt.d.w", { x }), [double(-3), 0]);
  assertEquals(floatResult("fcvt.d.wu", { x }), [double(2 ** 32 - 3), 0]);
  assertEquals(floatResult("fcvt.d.l", { x }), [double(-3), 0]);
  assertEquals(floatResult("fcvt.d.lu", { x }), [double(2 ** 64), INEXACT]);
  assertEquals(floatResult("fcvt.s.w", { x }), [single(-3), 0]);
  assertEquals(floatResult("fcvt.s.wu", { x }), [single(2 ** 32), INEXACT]);
  assertEquals(floatResult("fcvt.s.l", { x }), [single(-3), 0]);
  assertEquals(floatResult("fcvt.s.lu", { x }), [single(2 ** 64), INEXACT]);
  assertEquals(floatResult("fcvt.s.d", { f: [double(1 / 3)] }), [single(1 / 3), INEXACT]);
  assertEquals(floatResult("fcvt.d.s", { f: [single(1 / 3)] }), [double(Math.fround(1 / 3)), 0]);
});

Deno.test("Moves and memory accesses keep bits; singles are boxed", () => {
  const ram = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 0x88);
  const load = { x: RAM_BASE - 8n, fields: { imm: 8 }, ram };
  assertEquals(floatResult("flw", load), [boxed(0x0403_0201n), 0]);
  assertEquals(floatResult("fld", load), [0x8807_0605_0403_0201n, 0]);
  assertEquals(floatResult("fmv.w.x", { x: 0x1122_3344_5566_7788n }), [boxed(0x5566_7788n), 0]);
  assertEquals(floatResult("fmv.d.x", { x: SIGNALING_D }), [SIGNALING_D, 0]);
  assertEquals(integerResult("fmv.x.d", { f: [SIGNALING_D] }), [SIGNALING_D, 0]);
  const store = { x: RAM_BASE, fields: { imm: 16 }, f: [0n, 0x8877_6655_4433_2211n] };
  const stored = (name: string) => execute(name, store).memory.bytes.slice(16, 25);
  assertEquals([...stored("fsw")], [0x11, 0x22, 0x33, 0x44, 0, 0, 0, 0, 0]);
  assertEquals([...stored("fsd")], [0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0]);
});

Deno.test("The rounding mode is the field's, or the dynamic one", () => {
  const f = [double(1), double(2 ** -60)];
  const above = double(1 + 2 ** -52);
  const up = RoundingMode.UP;
  assertEquals(floatResult("fadd.d", { f, fields: { rm: up } }), [above, INEXACT]);
  assertEquals(floatResult("fadd.d", { f, frm: up }), [double(1), INEXACT]);
  assertEquals(floatResult("fadd.d", { f, frm: up, fields: { rm: DYNAMIC } }), [above, INEXACT]);
  assertEquals(floatResult("fadd.d", { f, fields: { rm: DYNAMIC } }), [double(1), INEXACT]);
});

Deno.test("Flags accrue", () => {
  const f = [double(1), double(3)];
  assertEquals(floatResult("fdiv.d", { f, fflags: INVALID })[1], INVALID | INEXACT);
  const { state } = execute("feq.d", { f, fflags: INVALID });
  assertEquals(state.read("fflags"), BigInt(INVALID));
});

Deno.test("Once inexact is raised, results at the ends of the range still raise their flags", () => {
  const { OVERFLOW, UNDERFLOW } = FloatFlag;
  const [tiny, lowest, huge] = [2 ** -1074, 2 ** -1022, Number.MAX_VALUE];
  const below = lowest - tiny;
  const cases: [name: string, operands: number[], result: number, flags: number][] = [
    ["fadd.d", [huge, huge], Infinity, OVERFLOW],
    ["fadd.d", [huge, -huge], 0, 0],
    ["fadd.d", [-0, -0], -0, 0],
    ["fadd.d", [below, tiny], lowest, 0],
    ["fsub.d", [lowest, tiny], below, 0],
    ["fsub.d", [Infinity, Infinity], NaN, INVALID],
    ["fmul.d", [huge, -2], -Infinity, OVERFLOW],
    ["fmul.d", [lowest, 1 - 2 ** -53], lowest, UNDERFLOW],
    ["fmul.d", [lowest, 1 + 2 ** -52], lowest + tiny, 0],
    ["fmul.d", [tiny, 0.5], 0, UNDERFLOW],
    ["fmul.d", [-0, 3], -0, 0],
    ["fmul.d", [lowest, 0.5], lowest / 2, 0],
    ["fdiv.d", [1, 0], Infinity, DIVIDE_BY_ZERO],
    ["fdiv.d", [tiny, -3], -0, UNDERFLOW],
    ["fdiv.d", [0, 0], NaN, INVALID],
    ["fsqrt.d", [-1], NaN, INVALID],
    ["fsqrt.d", [-0], -0, 0],
    ["fmul.s", [2 ** 127, 2], Infinity, OVERFLOW],
    ["fmul.s", [2 ** -149, 0.5], 0, UNDERFLOW],
    ["fadd.s", [2 ** 127, 2 ** 127], Infinity, OVERFLOW],
    ["fadd.s", [2 ** 126, 2 ** 126], 2 ** 127, 0],
  ];
  for (const [name, operands, result, flags] of cases) {
    const [bits, nan] = name.endsWith(".d") ? [double, NAN_D] : [single, NAN_S];
    const setting = { f: operands.map(bits), fflags: INEXACT };
    const expected = Number.isNaN(result) ? nan : bits(result);
    assertEquals(floatResult(name, setting), [expected, flags | INEXACT], `${name} ${operands}`);
  }
  const nan = { f: [SIGNALING_D, double(1)], fflags: INEXACT };
  assertEquals(floatResult("fadd.d", nan), [NAN_D, INEXACT | INVALID]);
  const narrowed = { f: [double(2 ** -150)], fflags: INEXACT };
  assertEquals(floatResult("fcvt.s.d", narrowed), [single(0), INEXACT | UNDERFLOW]);
});

Deno.test("Reserved rounding modes are illegal in the field and in frm", () => {
  for (const { name } of FLOAT_ROWS.filter(({ pattern }) => pattern.split(" ").includes("rm"))) {
    for (const reserved of [5, 6]) {
      const { outcome, bits } = execute(name, { fields: { rm: reserved } });
      assertEquals(outcome, {
        kind: "trap",
        cause: ILLEGAL_INSTRUCTION,
        value: BigInt(bits),
        pc: 0n,
      });
    }
    for (const frm of [5, 6, 7]) {
      const { outcome } = execute(name, { fields: { rm: DYNAMIC }, frm });
      assertEquals(outcome.kind, "trap", name);
      assertEquals(execute(name, { frm }).outcome.kind, "next", name);
    }
  }
});

Deno.test("Every float instruction is illegal while float state is off, and changes nothing", () => {
  for (const { name } of FLOAT_ROWS) {
    const setting = { mstatus: 0n, f: [double(1), double(2)], x: RAM_BASE };
    const { outcome, state, bits } = execute(name, setting);
    const expected = { kind: "trap", cause: ILLEGAL_INSTRUCTION, value: BigInt(bits), pc: 0n };
    assertEquals<unknown>(outcome, expected, name);
    assertEquals(state.snapshot(), environmentOf(setting).state.snapshot(), name);
  }
});
