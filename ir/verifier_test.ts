import { assertEquals, assertThrows } from "@std/assert";
import { Builder, buildFunction } from "./builder.ts";
import { StateLayout } from "./guest_state.ts";
import { Region } from "./region.ts";
import { findProblems, VerificationError, verify } from "./verifier.ts";

const LAYOUT = new StateLayout([
  { name: "x", type: "i64", count: 4, promotable: true },
  { name: "mode", type: "i32" },
]);
const X = LAYOUT.slot("x");

/** A region of one block with one instruction; `body` may end it. */
function region(body: (b: Builder) => void): Region {
  const b = new Builder(new Region("test", "region"));
  b.region.entries = [{ block: b.block, offset: 0 }];
  b.append("guest.boundary", "void", [], { offset: 0, length: 4, index: 0 });
  b.block.instructions = 1;
  body(b);
  if (!b.isTerminated) b.goto(b.append("guest.pc_relative", "i64", [], { offset: 4 }), "jump");
  return b.region;
}

function handler(body: (b: Builder) => void): Region {
  const b = new Builder(new Region("test", "handler"));
  body(b);
  if (!b.isTerminated) b.terminate({ kind: "next" });
  return b.region;
}

Deno.test("verify() accepts what the builder makes", () => {
  verify(region((b) => {
    const then = b.region.addBlock();
    const value = b.add(b.getState(X), b.i64(1));
    b.branch(b.eqz(value), then, b.block);
    b.setBlock(then);
    b.goto(value, "indirect");
  }));
  verify(handler((b) => b.setStateAt(X, b.i32(1), b.op("guest.pc"))));
  verify(buildFunction({ name: "f", parameters: ["i32"], result: "i32" }, (b) => {
    const result = b.variable("result", "i32");
    b.when(b.parameter(0), () => b.setVariable(result, b.i32(1)), () => b.return(b.i32(2)));
    b.return(b.getVariable(result));
  }));
});

Deno.test("verify() names the region and every problem", () => {
  const broken = region((b) => {
    b.block.operations.push(
      b.region.makeOperation("i32.const", "i32", [], { constant: 1n << 31n }),
    );
    b.goto(b.i32(0), "jump");
  });
  assertThrows(
    () => verify(broken),
    VerificationError,
    'Cannot accept region "test":\n  b0: %1 = i32.const: 2147483648 is no signed 32-bit number\n' +
      "  b0: goto address is i32, expected i64",
  );
});

function expectProblem(broken: Region, problem: string): void {
  assertEquals(findProblems(broken), [problem]);
}

Deno.test("findProblems() finds blocks without a place or an end", () => {
  expectProblem(new Region("test", "handler"), "there is no block");
  const open = region((b) => b.branch(b.i32(0), b.region.addBlock(), b.block));
  expectProblem(open, "b1: has no end");
  const outside = region((b) => b.jump(new Region("other", "region").addBlock()));
  expectProblem(outside, "b0: target b0 is not in the region");
  const twice = region(() => {});
  twice.blocks.push(twice.blocks[0]);
  assertEquals(findProblems(twice)[0], "a block is listed twice");
});

Deno.test("findProblems() finds ends that do not fit the kind", () => {
  expectProblem(region((b) => b.return()), 'b0: a region cannot end with "return"');
  expectProblem(
    region((b) => b.terminate({ kind: "next" })),
    'b0: a region cannot end with "next"',
  );
  expectProblem(handler((b) => b.return()), 'b0: a handler cannot end with "return"');
  const two = handler((b) => b.region.addBlock().terminator = { kind: "next" });
  two.blocks[0].terminator = { kind: "next" };
  expectProblem(two, "a handler has more than one block");
});

Deno.test("findProblems() finds operands that are not defined before their use", () => {
  const later = region((b) => {
    const use = b.region.makeOperation("i64.eqz", "i32", [], null);
    b.block.operations.push(use);
    use.operands.push(b.i64(0));
  });
  expectProblem(later, "b0: %1 = i64.eqz: %2 = i64.const is defined later");

  const beside = region((b) => {
    const [left, right] = [b.region.addBlock(), b.region.addBlock()];
    b.branch(b.i32(0), left, right);
    b.setBlock(left);
    const value = b.i64(1);
    b.jump(right);
    b.setBlock(right);
    b.goto(value, "jump");
  });
  expectProblem(beside, 'b2: "goto": %2 = i64.const in b1 does not dominate it');

  const foreign = region((b) => b.goto(new Builder(new Region("o", "region")).i64(0), "jump"));
  expectProblem(foreign, 'b0: "goto": %0 = i64.const is not in the region');
});

Deno.test("findProblems() finds wrong types and attributes", () => {
  const add = (opcode: "i64.eqz" | "i32.eqz", type: "i32" | "i64", attribute = false) =>
    region((b) => {
      const given = attribute ? { constant: 0n } : null;
      b.block.operations.push(b.region.makeOperation(opcode, type, [b.i64(0)], given));
    });
  expectProblem(add("i32.eqz", "i32"), "b0: %2 = i32.eqz: operands (i64), expected (i32)");
  expectProblem(add("i64.eqz", "i64"), "b0: %2 = i64.eqz: result i64, expected i32");
  expectProblem(
    add("i64.eqz", "i32", true),
    'b0: %2 = i64.eqz: attribute is "constant", expected "none"',
  );
  expectProblem(
    region((b) => {
      const callee = { name: "ask", parameters: ["i32"], result: "i64" } as const;
      const operands = [b.i32(1), b.i32(2), b.i32(3)];
      b.append("call_unless", "i64", operands, { callee });
    }),
    "b0: %4 = call_unless: operands (i32,i32,i32), expected (i32,i64,i32)",
  );
  expectProblem(
    region((b) => b.getState(X, 4)),
    'b0: %1 = state.get: slot "x" has no element 4',
  );
  expectProblem(
    region((b) =>
      b.append("guest.rmw", "i64", [b.i64(0), b.i64(0)], {
        width: 32,
        signed: true,
        order: 0,
      })
    ),
    "b0: %3 = guest.rmw: guest.rmw, and only it, names an update",
  );
});

Deno.test("findProblems() finds variables of another region and names that cannot be written", () => {
  const foreign = new Region("other", "region").addVariable("v", "i64");
  expectProblem(
    region((b) => b.getVariable(foreign)),
    'b0: %1 = var.get: variable "v" is not the region\'s',
  );
  expectProblem(region((b) => b.variable("a b", "i32")), 'variable name "a b" is no identifier');
});

Deno.test("findProblems() finds operations in the wrong kind of region", () => {
  expectProblem(region((b) => b.op("guest.pc")), "b0: %1 = guest.pc: not allowed in a region");
  expectProblem(
    handler((b) => b.append("guest.pc_relative", "i64", [], { offset: 0 })),
    "b0: %0 = guest.pc_relative: not allowed in a handler",
  );
  const signature = { name: "f", parameters: [], result: "void" } as const;
  const build = (body: (b: Builder) => void) =>
    buildFunction(signature, (b) => {
      body(b);
      b.return();
    });
  expectProblem(build((b) => b.leaveIf(b.i32(1))), "b0: %1 = leave_if: a function cannot leave");
  expectProblem(
    build((b) => b.getState(X)),
    'b0: %0 = state.get: a function cannot touch promotable state "x"',
  );
});

Deno.test("findProblems() finds miscounted instructions", () => {
  const uncounted = region((b) => b.block.instructions = 0);
  expectProblem(uncounted, "b0: counts 0 instructions but has 1 boundaries");
  const misnumbered = region((b) => {
    b.append("guest.boundary", "void", [], { offset: 4, length: 4, index: 0 });
    b.block.instructions = 2;
  });
  expectProblem(misnumbered, "b0: boundary 1 has index 0");
  const unbounded = region((b) => {
    const next = b.region.addBlock();
    b.jump(next);
    b.setBlock(next);
    b.load(b.i64(0), { width: 8 });
  });
  expectProblem(unbounded, "b1: %2 = guest.load: no boundary before it");
});

Deno.test("findProblems() finds missing and repeated entries", () => {
  const none = region(() => {});
  none.entries = [];
  expectProblem(none, "a region has at least one entry");
  const twice = region(() => {});
  twice.entries = [twice.entries[0], twice.entries[0]];
  expectProblem(twice, "two entries share a block");
});
