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

Deno.test("cache-block instructions and page table extensions are properties like others", async () => {
  const CBO_ZERO = 0x0040_200f;
  assertEquals(await text({}, CBO_ZERO), "cbo.zero (zero)");
  assertEquals(await text({ zicboz: false }, CBO_ZERO) === "cbo.zero (zero)", false);
  const environment = async (properties: Readonly<Record<string, boolean>>): Promise<bigint> => {
    const frontend = await loadRiscvFrontend(properties);
    const values = frontend.resetState({ hart: 0, hasBuiltinFirmware: false });
    return values.find(({ slot }) => slot === "menvcfg")?.value ?? 0n;
  };
  assertEquals(await environment({}), 3n << 61n);
  assertEquals(await environment({ svpbmt: false }), 1n << 61n);
  assertEquals(await environment({ svpbmt: false, svade: true }), 0n);
  assertEquals(await environment({ svpbmt: false, svadu: false }), 0n);
});
