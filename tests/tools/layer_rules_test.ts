import { assertEquals } from "@std/assert";
import { layerViolations } from "./layer_rules.ts";

function isForbidden(from: string, to: string): boolean {
  return layerViolations([{ from, to }]).length > 0;
}

Deno.test("layers import downwards only", () => {
  for (
    const [from, to] of [
      ["ir/region.ts", "frontend/frontend.ts"],
      ["ir/region.ts", "runtime/atomics/shared_layout.ts"],
      ["runtime/atomics/pending.ts", "ir/region.ts"],
      ["runtime/atomics/pending.ts", "runtime/cli/main.ts"],
      ["frontend/riscv/lift/rv_i.ts", "optimizer/pipeline.ts"],
      ["optimizer/pipeline.ts", "wasm_backend/host_order.ts"],
      ["wasm_backend/host_order.ts", "runtime/machine/options.ts"],
      ["runtime/cli/main.ts", "tests/cli/program.ts"],
      ["mod.ts", "ir/region.ts"],
      ["elsewhere/a.ts", "ir/region.ts"],
    ]
  ) assertEquals(isForbidden(from, to), true, `${from} -> ${to}`);
});

Deno.test("layers may import themselves and what lies below", () => {
  for (
    const [from, to] of [
      ["ir/region.ts", "ir/types.ts"],
      ["frontend/riscv/lift/rv_i.ts", "ir/region.ts"],
      ["frontend/riscv/lift/rv_i.ts", "frontend/riscv/fields.ts"],
      ["frontend/riscv/lift/rv_i.ts", "frontend/frontend.ts"],
      ["optimizer/pipeline.ts", "ir/region.ts"],
      ["wasm_backend/abi/a.ts", "runtime/atomics/shared_layout.ts"],
      ["runtime/cli/main.ts", "deno.json"],
      ["runtime/machine/machine.ts", "wasm_backend/host_order.ts"],
      ["runtime/machine/boards/virt/board.ts", "frontend/riscv/riscv.ts"],
      ["tests/fuzz/a_test.ts", "frontend/riscv/riscv.ts"],
      ["mod.ts", "runtime/cli/main.ts"],
    ]
  ) assertEquals(isForbidden(from, to), false, `${from} -> ${to}`);
});

Deno.test("guests are known to themselves, boards and tests", () => {
  assertEquals(isForbidden("runtime/machine/machine.ts", "frontend/riscv/riscv.ts"), true);
  assertEquals(isForbidden("frontend/frontend.ts", "frontend/riscv/riscv.ts"), true);
  assertEquals(isForbidden("frontend/arm/arm.ts", "frontend/riscv/riscv.ts"), true);
  assertEquals(isForbidden("frontend/arm/arm.ts", "frontend/softfloat/format.ts"), false);
  assertEquals(isForbidden("frontend/softfloat/format.ts", "frontend/riscv/riscv.ts"), true);
});

Deno.test("packages have their importers", () => {
  assertEquals(isForbidden("wasm_backend/binaryen/binaryen_package.ts", "binaryen"), false);
  assertEquals(isForbidden("wasm_backend/lower/lower.ts", "binaryen"), true);
  assertEquals(isForbidden("runtime/cli/flags.ts", "@std/cli"), false);
  assertEquals(isForbidden("ir/region.ts", "@std/assert"), true);
  assertEquals(isForbidden("ir/region_test.ts", "@std/assert"), false);
  assertEquals(isForbidden("runtime/cli/flags.ts", "npm:left-pad"), true);
});

Deno.test("pure layers do without the host's modules", () => {
  assertEquals(isForbidden("ir/region.ts", "node:path"), true);
  assertEquals(isForbidden("ir/region_test.ts", "node:path"), false);
  assertEquals(isForbidden("runtime/cli/main.ts", "node:path"), false);
});
