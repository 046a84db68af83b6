import { assertEquals, assertThrows } from "@std/assert";
import { ConfigurationError } from "../../options.ts";
import {
  advertisedExtensions,
  CPU_PROPERTIES,
  createRiscvFrontend,
  mmuType,
} from "./cpu_properties.ts";

const ADD = 0x00b50533;
const MUL = 0x02b50533;

function text(properties: Readonly<Record<string, boolean>>, bits: number): string {
  return createRiscvFrontend(properties).disassemble(bits, 0n);
}

Deno.test("what is switched off is neither decoded nor advertised", () => {
  assertEquals(text({}, MUL), "mul a0,a0,a1");
  assertEquals(advertisedExtensions({}).includes("m"), true);
  assertEquals(text({ m: false }, MUL) === text({}, MUL), false);
  assertEquals(text({ m: false }, ADD), "add a0,a0,a1");
  assertEquals(advertisedExtensions({ m: false }).includes("m"), false);
});

Deno.test("every property is known to the guest, and the base cannot be switched off", () => {
  for (const name of CPU_PROPERTIES.filter((name) => name !== "f" && name !== "zicsr")) {
    createRiscvFrontend({ [name]: false });
    createRiscvFrontend({ [name]: true });
  }
  assertThrows(() => createRiscvFrontend({ i: false }), ConfigurationError, "no property");
  assertThrows(() => createRiscvFrontend({ zbx: true }), ConfigurationError, "zbx=on");
});

Deno.test("an extension cannot stay without what it needs", () => {
  assertThrows(() => createRiscvFrontend({ f: false }), ConfigurationError, '"d" needs "f"');
  assertThrows(() => advertisedExtensions({ zicsr: false, d: false }), ConfigurationError, "zicsr");
  createRiscvFrontend({ f: false, d: false });
});

Deno.test("five-level page tables are advertised when they are on", () => {
  assertEquals(mmuType({}), "riscv,sv48");
  assertEquals(mmuType({ sv57: true }), "riscv,sv57");
});
