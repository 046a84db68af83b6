import { assertEquals } from "@std/assert";
import { formatOrder } from "../../ir/memory_order.ts";
import type { MemoryAttribute } from "../../ir/region.ts";
import { RiscvFrontend } from "./riscv_frontend.ts";
import { ROWS } from "./rows.ts";

/** Orders of the memory operations that an instruction is made of. */
function ordersOf(name: string, ztso: boolean): string[] {
  const region = new RiscvFrontend({ ztso }).handlers()[ROWS.findIndex((row) => row.name === name)];
  return region.blocks.flatMap(({ operations }) => operations).filter(({ opcode }) =>
    /^guest\.(load|store|rmw)/.test(opcode)
  ).map(({ attribute }) => formatOrder((attribute as MemoryAttribute).order));
}

Deno.test("plain accesses ask for nothing, and with total store order they acquire or release", () => {
  for (
    const [name, weak, strong] of [
      ["lw", "none", "rr+rw"],
      ["fld", "none", "rr+rw"],
      ["sb", "none", "rw+ww"],
      ["lr.w", "none", "rr+rw"],
      ["sc.d.aq", "rr+rw", "rr+rw+ww"],
      ["amoadd.w", "none", "rr+rw+wr+ww"],
    ]
  ) {
    assertEquals(ordersOf(name, false), [weak], name);
    assertEquals(ordersOf(name, true), [strong], name);
  }
});
