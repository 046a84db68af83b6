/**
 * Deliberate mistakes, one change of text each, that the fuzzers must find. The kinds of mistake are those that
 * are easily made: a sign, a border, a case left out, a check dropped.
 *
 * What fences order no program of one hart can tell. For them the oracle is the trace of the reference
 * interpreter, which holds fences, and at last a golden file.
 */

/** Part of the emulator in which a mistake lies. */
export type MutatedPart =
  | "lifter"
  | "optimizer"
  | "fences"
  | "region lowering"
  | "address translation";

/** One mistake. */
export interface Mutation {
  readonly part: MutatedPart;
  /** What goes wrong. */
  readonly what: string;
  readonly file: string;
  /** Text that stands once in the file, and what takes its place. */
  readonly from: string;
  readonly to: string;
}

/** All mistakes. */
export const MUTATIONS: readonly Mutation[] = [
  {
    part: "lifter",
    what: "sraiw shifts zeros in",
    file: "frontend/riscv/lift/rv_i.ts",
    from: 'c.setW(c.b.shrS(c.w("rs1"), c.field("imm")));',
    to: 'c.setW(c.b.shrU(c.w("rs1"), c.field("imm")));',
  },
  {
    part: "lifter",
    what: "jalr keeps the lowest bit of its target",
    file: "frontend/riscv/lift/rv_i.ts",
    from: "c.b.i64(TARGET_MASK)",
    to: "c.b.i64(-1)",
  },
  {
    part: "lifter",
    what: "mulhsu takes the wrong factor as signed",
    file: "frontend/riscv/lift/rv_m.ts",
    from: 'c.b.op("i64.mulh_su", c.x("rs1"), c.x("rs2"))',
    to: 'c.b.op("i64.mulh_su", c.x("rs2"), c.x("rs1"))',
  },
  {
    part: "lifter",
    what: "a remainder by zero is zero",
    file: "frontend/riscv/lift/rv_m.ts",
    from:
      "const remainder = c.b.remU(dividend, unsignedDivisor(c, divisor));\n  return c.b.select(c.b.eqz(divisor), dividend, remainder);",
    to:
      "const remainder = c.b.remU(dividend, unsignedDivisor(c, divisor));\n  return c.b.select(c.b.eqz(divisor), constantLike(c, divisor, 0), remainder);",
  },
  {
    part: "lifter",
    what: "amomaxu compares as signed",
    file: "frontend/riscv/lift/rv_a.ts",
    from: 'return update("max_u", form);',
    to: 'return update("max_s", form);',
  },
  {
    part: "lifter",
    what: "of numbers with different signs the larger one is the minimum",
    file: "frontend/riscv/lift/float_operations.ts",
    from: "const areBothNegative = b.ltS(b.and(first, second), zero);",
    to: "const areBothNegative = b.ltS(b.or(first, second), zero);",
  },
  {
    part: "lifter",
    what: "ties do not go away from zero",
    file: "frontend/softfloat/round_and_pack.ts",
    from: "const isNearest = b.or(b.eqz(mode), b.eq(mode, b.i32(RoundingMode.NEAREST_AWAY)));",
    to: "const isNearest = b.or(b.eqz(mode), b.eq(mode, b.i32(RoundingMode.UP)));",
  },
  {
    part: "optimizer",
    what: "writes before an access that may fault are dead",
    file: "optimizer/passes/dead_state_writes.ts",
    from: 'case "access":\n    case "leave":',
    to: 'case "leave":',
  },
  {
    part: "optimizer",
    what: "what one block knows of registers is taken into the next",
    file: "optimizer/passes/copy_propagation.ts",
    from: "startBlock: () => this.#forget(this.#known),",
    to: "startBlock: () => {},",
  },
  {
    part: "optimizer",
    what: "a word loaded without sign counts as sign-extended",
    file: "optimizer/extension_facts.ts",
    from: "return width < WORD_BITS ? BOTH : ZERO;",
    to: "return BOTH;",
  },
  {
    part: "optimizer",
    what: "a shift of 64 bits by 32 counts as none",
    file: "optimizer/algebraic_identities.ts",
    from: 'const bits = type === "i32" ? 32n : 64n;',
    to: 'const bits = type === "i32" ? 32n : 32n;',
  },
  {
    part: "optimizer",
    what: "a value's home outlives what is written there next",
    file: "optimizer/passes/state_reuse.ts",
    from: "    this.#evict(element);\n",
    to: "",
  },
  {
    part: "optimizer",
    what: "facts of one way into a block are taken for all ways",
    file: "optimizer/state_facts.ts",
    from: "const both = known[number] & facts[number];",
    to: "const both = known[number];",
  },
  {
    part: "fences",
    what: "fences on both sides of a load become one",
    file: "optimizer/passes/fence_merging.ts",
    from: "if (!isOwnWork(operation)) open = null;",
    to: 'if (!isOwnWork(operation) && operation.opcode !== "guest.load") open = null;',
  },
  {
    part: "fences",
    what: "of merged fences the last one's pairs stay",
    file: "optimizer/passes/fence_merging.ts",
    from: "const order = orderOf(first) | orderOf(second);",
    to: "const order = orderOf(second);",
  },
  {
    part: "fences",
    what: "fences become one although the region may be left between them",
    file: "optimizer/passes/fence_merging.ts",
    from: 'departsAtBoundary ||= operation.opcode === "leave_if";',
    to: "",
  },
  {
    part: "region lowering",
    what: "a misaligned access may hit the cached page",
    file: "wasm_backend/region/access_translation.ts",
    from: "m.i64(PAGE_MASK | BigInt(alignment - 1))",
    to: "m.i64(PAGE_MASK)",
  },
  {
    part: "region lowering",
    what: "a group of accesses may cross its page's end",
    file: "wasm_backend/region/access_translation.ts",
    from: "m.i64(BigInt(bytes - 1))",
    to: "m.i64(0n)",
  },
  {
    part: "address translation",
    what: "a large page may be misaligned",
    file: "frontend/riscv/privileged/page_walk.ts",
    from: "this.#faultIf(b.ne(b.and(base, offsetMask), b.i64(0)), this.#pageFault);",
    to: "",
  },
  {
    part: "address translation",
    what: "supervisor mode may execute what it may read",
    file: "frontend/riscv/privileged/page_walk.ts",
    from: "const execute = b.and(anySet(b, pte, Entry.EXECUTE), isOwn);",
    to: "const execute = b.and(anySet(b, pte, Entry.EXECUTE), mayData);",
  },
  {
    part: "address translation",
    what: "a clean page is writable once it was read",
    file: "frontend/riscv/privileged/page_walk.ts",
    from: "b.select(isDirty, b.i32(-1), notWrite)",
    to: "b.select(isDirty, b.i32(-1), b.i32(-1))",
  },
  {
    part: "address translation",
    what: "an address beyond the scheme's bits is not looked at",
    file: "frontend/riscv/privileged/page_walk.ts",
    from: "this.#faultIf(b.ne(canonical, this.address), this.#pageFault);",
    to: "",
  },
  {
    part: "address translation",
    what: "a fence of one address leaves large pages",
    file: "wasm_backend/cold_tier/translation_functions.ts",
    from:
      "(then (call $drop_leaf (local.get $va) (local.get $level) (call $kept_flag (local.get $number))))",
    to: "(then)",
  },
  {
    part: "address translation",
    what: "another address space keeps what the TLB has of the last one",
    file: "wasm_backend/cold_tier/translation_functions.ts",
    from:
      "(if (i32.eqz (i32.and (local.get $flags) (i32.const ${Tlb.SHARED}))) (then ${dropEntry}))",
    to: "",
  },
  {
    part: "address translation",
    what: "a fence of one address leaves page caches",
    file: "wasm_backend/cold_tier/translation_functions.ts",
    from: "${count(Control.FLUSHES_PARTIAL)}\n    ${stalePageCaches}",
    to: "${count(Control.FLUSHES_PARTIAL)}",
  },
  {
    part: "address translation",
    what: "a fence of one address leaves what was walked before",
    file: "wasm_backend/cold_tier/translation_functions.ts",
    from: "(call $forget_walk (local.get $va) (call $epoch_of (local.get $number)))",
    to: "",
  },
];
