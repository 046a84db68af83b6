import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ConfigurationError } from "../../options.ts";
import {
  advertisedExtensions,
  checkCpuProperties,
  CPU_PROPERTIES,
  loadRiscvFrontend,
  mmuType,
} from "./cpu_properties.ts";

const ADD = 0x00b50533;
const MUL = 0x02b50533;

async function text(properties: Readonly<Record<string, boolean>>, bits: number): Promise<string> {
  return (await loadRiscvFrontend(properties)).disassemble(bits, 0n);
}

Deno.test("what is switched off is neither decoded nor advertised", async () => {
  assertEquals(await text({}, MUL), "mul a0,a0,a1");
  assertEquals(advertisedExtensions({}).includes("m"), true);
  assertEquals(await text({ m: false }, MUL) === await text({}, MUL), false);
  assertEquals(await text({ m: false }, ADD), "add a0,a0,a1");
  assertEquals(advertisedExtensions({ m: false }).includes("m"), false);
});

Deno.test("every property is known to the guest, and the base cannot be switched off", async () => {
  for (const name of CPU_PROPERTIES.filter((name) => name !== "f" && name !== "zicsr")) {
    await loadRiscvFrontend({ [name]: false });
    await loadRiscvFrontend({ [name]: true });
  }
  assertThrows(() => checkCpuProperties({ i: false }), ConfigurationError, "no property");
  await assertRejects(() => loadRiscvFrontend({ zbx: true }), ConfigurationError, "zbx=on");
});

Deno.test("an extension cannot stay without what it needs", async () => {
  assertThrows(() => checkCpuProperties({ f: false }), ConfigurationError, '"d" needs "f"');
  assertThrows(() => advertisedExtensions({ zicsr: false, d: false }), ConfigurationError, "zicsr");
  await loadRiscvFrontend({ f: false, d: false });
});

Deno.test("five-level page tables are advertised when they are on", () => {
  assertEquals(mmuType({}), "riscv,sv48");
  assertEquals(mmuType({ sv57: true }), "riscv,sv57");
});
