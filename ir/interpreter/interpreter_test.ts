import { assertEquals, assertThrows } from "@std/assert";
import { Builder, buildFunction } from "../builder.ts";
import { StateLayout } from "../guest_state.ts";
import { Order } from "../memory_order.ts";
import { type FunctionSignature, Region } from "../region.ts";
import { Interpreter, type InterpreterEnvironment } from "./interpreter.ts";
import { FlatMemory } from "./memory.ts";
import { InterpreterState } from "./state.ts";

const LAYOUT = new StateLayout([
  { name: "x", type: "i64", count: 4, promotable: true },
  { name: "mode", type: "i32" },
]);
const X = LAYOUT.slot("x");
const MODE = LAYOUT.slot("mode");

function environment(more: Partial<InterpreterEnvironment> = {}): InterpreterEnvironment & {
  memory: FlatMemory;
} {
  return {
    state: new InterpreterState(LAYOUT),
    memory: new FlatMemory(4096, 0x1000n),
    ...more,
  } as InterpreterEnvironment & { memory: FlatMemory };
}

function handler(body: (b: Builder) => void): Region {
  const b = new Builder(new Region("test", "handler"));
  body(b);
  if (!b.isTerminated) b.terminate({ kind: "next" });
  return b.region;
}

function region(body: (b: Builder) => void): Region {
  const b = new Builder(new Region("test", "region"));
  body(b);
  return b.region;
}

Deno.test("Interpreter runs a loop with variables and returns its result", () => {
  const signature: FunctionSignature = { name: "sum", parameters: ["i64"], result: "i64" };
  const sum = buildFunction(signature, (b) => {
    const total = b.variable("total", "i64");
    const left = b.region.variables[0];
    b.while(() => b.not(b.eqz(b.getVariable(left))), () => {
      b.setVariable(total, b.add(b.getVariable(total), b.getVariable(left)));
      b.setVariable(left, b.sub(b.getVariable(left), b.i64(1)));
    });
    b.return(b.getVariable(total));
  });
  assertEquals(new Interpreter(environment()).run(sum, [10n]), { kind: "return", value: 55n });
});

Deno.test("Interpreter dispatches a switch, out of range to the last block", () => {
  const signature: FunctionSignature = { name: "pick", parameters: ["i32"], result: "i32" };
  const pick = buildFunction(signature, (b) => {
    const result = b.variable("result", "i32");
    const give = (value: number) => () => b.setVariable(result, b.i32(value));
    b.dispatch(b.parameter(0), [give(10), give(11)], give(12));
    b.return(b.getVariable(result));
  });
  const interpreter = new Interpreter(environment());
  const values = [0n, 1n, 2n, -1n].map((index) => interpreter.run(pick, [index]));
  assertEquals(
    values,
    [10n, 11n, 12n, 12n].map((value) => ({ kind: "return" as const, value })),
  );
});

Deno.test("Interpreter reads fields and register files of a handler", () => {
  const add = handler((b) => {
    const rs1 = b.getStateAt(X, b.append("field.i32", "i32", [], { field: "rs1" }));
    const imm = b.append("field.i64", "i64", [], { field: "imm" });
    const rd = b.append("field.i32", "i32", [], { field: "rd" });
    b.setStateAt(X, rd, b.add(rs1, b.add(imm, b.op("guest.next_pc"))));
    b.setState(MODE, b.wrap(b.op("guest.encoding")));
  });
  const env = environment({
    pc: 0x100n,
    length: 2,
    encoding: 0xffff_fff1n,
    fields: { rs1: 1n, rd: 3n, imm: -5n },
  });
  env.state.write("x", 7n, 1);
  assertEquals(new Interpreter(env).run(add), { kind: "next" });
  assertEquals(env.state.read("x", 3), 0x104n);
  assertEquals(env.state.read("mode"), -15n);
});

Deno.test("Interpreter extends loads and stores low bits", () => {
  const program = handler((b) => {
    b.store(b.i64(0x1000), b.i64(0x1234_5681n), { width: 32 });
    b.setState(X, b.load(b.i64(0x1000), { width: 8, signed: true }), 0);
    b.setState(X, b.load(b.i64(0x1000), { width: 8 }), 1);
    b.setState(X, b.rmw("max_u", b.i64(0x1000), b.i64(-1), { width: 32 }), 2);
    b.setState(X, b.load(b.i64(0x1000), { width: 64 }), 3);
    b.fence(Order.ALL);
  });
  const env = environment();
  assertEquals(new Interpreter(env).run(program), { kind: "next" });
  assertEquals([...env.state.snapshot()].slice(0, 4), [
    -127n,
    0x81n,
    0x1234_5681n,
    0xffff_ffffn,
  ]);
  assertEquals(env.memory.fences, [Order.ALL]);
});

Deno.test("Interpreter store-conditional fails after a store to the reserved bytes", () => {
  const program = (isDisturbed: boolean) =>
    handler((b) => {
      b.setState(X, b.loadReserved(b.i64(0x1008), { width: 32 }));
      if (isDisturbed) b.store(b.i64(0x100b), b.i64(1), { width: 8 });
      b.setState(X, b.storeConditional(b.i64(0x1008), b.i64(9), { width: 32 }), 1);
      b.setState(X, b.storeConditional(b.i64(0x1008), b.i64(9), { width: 32 }), 2);
    });
  for (const isDisturbed of [false, true]) {
    const env = environment();
    new Interpreter(env).run(program(isDisturbed));
    assertEquals(env.state.read("x", 1), isDisturbed ? 1n : 0n);
    assertEquals(env.state.read("x", 2), 1n);
  }
});

Deno.test("Interpreter reports a fault with the pc of its instruction", () => {
  const program = region((b) => {
    b.append("guest.boundary", "void", [], { offset: 0, length: 4, index: 0 });
    b.setState(X, b.i64(1));
    b.append("guest.boundary", "void", [], { offset: 4, length: 4, index: 1 });
    b.setState(X, b.load(b.i64(0x8000), { width: 64 }));
    b.goto(b.append("guest.pc_relative", "i64", [], { offset: 8 }), "jump");
  });
  const env = environment({ pc: 0x2000n });
  assertEquals(new Interpreter(env).run(program), {
    kind: "fault",
    address: 0x8000n,
    access: "load",
    reason: "unmapped",
    pc: 0x2004n,
  });
  assertEquals(env.state.read("x"), 1n);
});

Deno.test("Interpreter traps before what follows", () => {
  const program = handler((b) => {
    b.trapIf(b.ne(b.getState(X), b.i64(0)), b.i32(2), b.i64(77));
    b.setState(X, b.i64(5), 1);
  });
  const env = environment({ pc: 16n });
  assertEquals(new Interpreter(env).run(program), { kind: "next" });
  assertEquals(env.state.read("x", 1), 5n);
  env.state.write("x", 1n, 0);
  env.state.write("x", 0n, 1);
  assertEquals(new Interpreter(env).run(program), {
    kind: "trap",
    cause: 2n,
    value: 77n,
    pc: 16n,
  });
  assertEquals(env.state.read("x", 1), 0n);
});

Deno.test("Interpreter leaves when the instruction of leave_if is complete", () => {
  const inHandler = handler((b) => {
    b.leaveIf(b.i32(1));
    b.setState(X, b.i64(5));
  });
  const env = environment({ pc: 16n, length: 4 });
  assertEquals(new Interpreter(env).run(inHandler), { kind: "leave", pc: 20n });
  assertEquals(env.state.read("x"), 5n);

  const inRegion = region((b) => {
    b.append("guest.boundary", "void", [], { offset: 0, length: 2, index: 0 });
    b.leaveIf(b.i32(1));
    b.setState(X, b.i64(6));
    b.append("guest.boundary", "void", [], { offset: 2, length: 2, index: 1 });
    b.setState(X, b.i64(7));
    b.goto(b.i64(0), "jump");
  });
  assertEquals(new Interpreter(env).run(inRegion), { kind: "leave", pc: 18n });
  assertEquals(env.state.read("x"), 6n);
});

Deno.test("Interpreter calls IR functions and host functions", () => {
  const twice: FunctionSignature = { name: "twice", parameters: ["i64"], result: "i64" };
  const ask: FunctionSignature = { name: "ask", parameters: ["i64"], result: "i32" };
  const functions = new Map([
    [
      "twice",
      buildFunction(twice, (b) => {
        b.call(ask, b.parameter(0));
        b.return(b.add(b.parameter(0), b.parameter(0)));
      }),
    ],
  ]);
  const asked: bigint[] = [];
  const host = new Map([["ask", ([value]: bigint[]) => {
    asked.push(value);
    return 0xffff_ffffn;
  }]]);
  const program = handler((b) => {
    b.setState(X, b.call(twice, b.i64(21)));
    b.setState(MODE, b.call(ask, b.i64(1)));
  });
  const env = environment({ functions, host });
  assertEquals(new Interpreter(env).run(program), { kind: "next" });
  assertEquals(env.state.read("x"), 42n);
  assertEquals(env.state.read("mode"), -1n);
  assertEquals(asked, [21n, 1n]);
});

Deno.test("Interpreter calls for the unusual alone", () => {
  const ask: FunctionSignature = { name: "ask", parameters: ["i32"], result: "i64" };
  const asked: bigint[] = [];
  const host = new Map([["ask", ([value]: bigint[]) => {
    asked.push(value);
    return 7n;
  }]]);
  const program = handler((b) => {
    b.setState(X, b.callUnless(b.i32(2), b.i64(5), { callee: ask }, b.i32(1)), 0);
    b.setState(X, b.callUnless(b.i32(0), b.i64(5), { callee: ask }, b.i32(2)), 1);
    assertThrows(() => b.callUnless(b.i32(0), b.i32(5), { callee: ask }, b.i32(2)), TypeError);
    assertThrows(() => b.callUnless(b.i32(0), b.i64(5), { callee: ask }), TypeError);
  });
  const env = environment({ host });
  assertEquals(new Interpreter(env).run(program), { kind: "next" });
  assertEquals([env.state.read("x", 0), env.state.read("x", 1)], [5n, 7n]);
  assertEquals(asked, [2n]);
});

Deno.test("Interpreter works on physical RAM and interrupt lines", () => {
  const program = handler((b) => {
    b.setState(X, b.physicalCompareExchange(b.i64(0x1000), b.i64(0), b.i64(-1), 64), 0);
    b.setState(X, b.physicalLoad(b.i64(0x1000), 32), 1);
    b.setState(X, b.zeroExtend(b.op("phys.in_ram", b.i64(0x1ff9))), 2);
    b.append("lines.or", "void", [b.i32(6)], null);
    b.append("lines.and", "void", [b.i32(-3)], null);
    b.setState(MODE, b.op("lines.get"));
  });
  const env = environment();
  new Interpreter(env).run(program);
  assertEquals([...env.state.snapshot()], [0n, 0xffff_ffffn, 0n, 0n, 4n]);
  assertEquals(env.memory.lines, 4);
});

Deno.test("Interpreter follows gotos, exits and gives up at its block limit", () => {
  const branchy = region((b) => {
    b.gotoIf(b.eqz(b.getState(X)), b.i64(4), b.i64(8));
  });
  const env = environment({ blockLimit: 3 });
  assertEquals(new Interpreter(env).run(branchy), { kind: "goto", pc: 4n });
  const exiting = region((b) => b.exit(2, b.i64(4)));
  assertEquals(new Interpreter(env).run(exiting), { kind: "exit", reason: 2, pc: 4n });
  const endless = region((b) => b.jump(b.block));
  assertEquals(new Interpreter(env).run(endless), { kind: "unfinished" });
});

Deno.test("Interpreter names what its environment lacks", () => {
  const program = handler((b) => b.setState(X, b.load(b.i64(0), { width: 8 })));
  const bare = new Interpreter({ state: new InterpreterState(LAYOUT) });
  assertThrows(() => bare.run(program), TypeError, 'Cannot run "guest.load": no memory given');
  const unknown: FunctionSignature = { name: "nobody", parameters: [], result: "void" };
  const calling = handler((b) => b.call(unknown));
  assertThrows(() => bare.run(calling), TypeError, 'Cannot call "nobody"');
});

Deno.test("Interpreter goes on behind a guest call that returns to its link", () => {
  const program = region((b) => {
    const then = b.region.addBlock();
    b.terminate({ kind: "call", pc: b.i64(0x40), link: b.i64(8), then });
    b.setBlock(then);
    b.goto(b.getState(X), "jump");
  });
  const calls = (arrived: bigint) => {
    const env = environment({
      callGuest: (pc) => {
        env.state.write("x", pc + 1n);
        return arrived;
      },
    });
    return new Interpreter(env).run(program);
  };
  assertEquals(calls(8n), { kind: "goto", pc: 0x41n });
  assertEquals(calls(12n), { kind: "goto", pc: 12n });
  assertEquals(new Interpreter(environment()).run(program), { kind: "goto", pc: 0x40n });
});
