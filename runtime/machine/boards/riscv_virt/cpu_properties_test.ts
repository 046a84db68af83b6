import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { assemble } from "../../../../frontend/riscv/encoder.ts";
import { EXTENSIONS } from "../../../../frontend/riscv/rows.ts";
import { ConfigurationError, type CpuChoice } from "../../options.ts";
import {
  advertisedExtensions,
  checkCpu,
  CPU_PROPERTIES,
  loadRiscvFrontend,
  mmuType,
} from "./cpu_properties.ts";

const ADD = 0x00b50533;
const MUL = 0x02b50533;

function rv64(properties: CpuChoice["properties"] = {}): CpuChoice {
  return { model: "rv64", properties };
}

function max(properties: CpuChoice["properties"] = {}): CpuChoice {
  return { model: "max", properties };
}

async function text(cpu: CpuChoice, bits: number): Promise<string> {
  return (await loadRiscvFrontend(cpu)).disassemble(bits, 0n);
}

function has(cpu: CpuChoice, extension: string): boolean {
  return advertisedExtensions(cpu).includes(extension);
}

Deno.test("what is switched off is neither decoded nor advertised", async () => {
  assertEquals(await text(rv64(), MUL), "mul a0,a0,a1");
  assertEquals(has(rv64(), "m"), true);
  assertEquals(await text(rv64({ m: false }), MUL) === await text(rv64(), MUL), false);
  assertEquals(await text(rv64({ m: false }), ADD), "add a0,a0,a1");
  assertEquals(has(rv64({ m: false }), "m"), false);
});

Deno.test("every property is known to the guest, and the base cannot be switched off", async () => {
  for (const name of CPU_PROPERTIES.filter((name) => name !== "f" && name !== "zicsr")) {
    await loadRiscvFrontend(rv64({ [name]: false }));
    await loadRiscvFrontend(rv64({ [name]: true }));
    await loadRiscvFrontend(max({ [name]: false }));
  }
  assertThrows(() => checkCpu(rv64({ i: false })), ConfigurationError, "no property");
  await assertRejects(() => loadRiscvFrontend(rv64({ zbx: true })), ConfigurationError, "zbx=on");
});

Deno.test("an extension cannot stay without what it needs", async () => {
  const without = (...names: string[]) => Object.fromEntries(names.map((name) => [name, false]));
  assertThrows(() => checkCpu(rv64({ f: false })), ConfigurationError, '"d" needs "f"');
  const noCsrs = rv64(without("zicsr", "d"));
  assertThrows(() => advertisedExtensions(noCsrs), ConfigurationError, "zicsr");
  await loadRiscvFrontend(rv64(without("f", "d")));
  const asked = rv64({ ...without("f", "d"), zfa: true });
  assertThrows(() => checkCpu(asked), ConfigurationError, '"zfa" needs "f"');
  const half = rv64({ zfh: true, zfhmin: false });
  assertThrows(() => checkCpu(half), ConfigurationError, '"zfh" needs "zfhmin"');
  assertThrows(() => checkCpu(rv64({ c: false, zcb: true })), ConfigurationError, "zcb=off");
});

Deno.test("extensions that nobody asked for go with what they need", () => {
  const noFloat = { f: false, d: false };
  assertEquals(has(rv64(noFloat), "zfa"), false);
  assertEquals(["zfa", "zfh", "zfhmin"].some((name) => has(max(noFloat), name)), false);
  assertEquals(has(max({ c: false }), "zcb"), false);
  assertEquals(has(rv64({ zfh: true }), "zfhmin"), true);
  assertEquals(has(rv64({ zfhmin: true }), "zfh"), false);
});

Deno.test("groups switch their members, but not those that are named", () => {
  const members = ["zbkb", "zbkc", "zbkx", "zknd", "zkne", "zknh"];
  const on = (cpu: CpuChoice) => members.filter((name) => has(cpu, name));
  assertEquals(on(rv64()), []);
  assertEquals(on(rv64({ zkn: true })), members);
  assertEquals(has(rv64({ zkn: true }), "zkn"), false);
  assertEquals(on(rv64({ zkn: true, zbkx: false })), members.filter((name) => name !== "zbkx"));
  assertEquals(on(max({ zkn: false, zknh: true })), ["zknh"]);
  assertEquals(on(rv64({ zkn: false, zks: true })), ["zbkb", "zbkc", "zbkx"]);
});

Deno.test("model max has every extension of the decoder", () => {
  const privileged = ["machine", "supervisor"];
  const missing = [...EXTENSIONS].filter((name) => !privileged.includes(name) && !has(max(), name));
  assertEquals(missing, []);
  assertEquals(mmuType(max()), "riscv,sv57");
});

Deno.test("an encoding exists with any extension that brings it, and only then", async () => {
  const rotate = assemble("ror", { rd: 10, rs1: 10, rs2: 11 });
  const none = { zbb: false };
  assertEquals(await text(rv64(none), rotate), ".4byte 0x60b55533");
  assertEquals(await text(rv64({ ...none, zbkb: true }), rotate), "ror a0,a0,a1");
  const narrowed = assemble("fcvt.h.d", { rd: 10, rs1: 10, rm: 7 });
  assertEquals(await text(rv64({ zfhmin: true }), narrowed), "fcvt.h.d fa0,fa0");
  assertEquals(await text(rv64({ zfhmin: true, d: false }), narrowed), ".4byte 0x44157553");
});

Deno.test("five-level page tables are advertised when they are on", () => {
  assertEquals(mmuType(rv64()), "riscv,sv48");
  assertEquals(mmuType(rv64({ sv57: true })), "riscv,sv57");
  assertEquals(mmuType(max({ sv57: false })), "riscv,sv48");
});

Deno.test("cache-block instructions and page table extensions are properties like others", async () => {
  const CBO_ZERO = 0x0040_200f;
  assertEquals(await text(rv64(), CBO_ZERO), "cbo.zero (zero)");
  assertEquals(await text(rv64({ zicboz: false }), CBO_ZERO) === "cbo.zero (zero)", false);
  const environment = async (properties: CpuChoice["properties"]): Promise<bigint> => {
    const frontend = await loadRiscvFrontend(rv64(properties));
    const values = frontend.resetState({ hart: 0, hasBuiltinFirmware: false });
    return values.find(({ slot }) => slot === "menvcfg")?.value ?? 0n;
  };
  assertEquals(await environment({}), 3n << 61n);
  assertEquals(await environment({ svpbmt: false }), 1n << 61n);
  assertEquals(await environment({ svpbmt: false, svade: true }), 0n);
  assertEquals(await environment({ svpbmt: false, svadu: false }), 0n);
});
