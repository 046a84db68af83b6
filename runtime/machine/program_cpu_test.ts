import { assertEquals, assertThrows } from "@std/assert";
import { elfFile } from "../loader/elf_fixture.ts";
import { virtBoard } from "./boards/riscv_virt/definition.ts";
import { ConfigurationError, describeMachine } from "./options.ts";
import { withProgramProperties } from "./program_cpu.ts";

const VIRT = virtBoard("none");

const FLAGS_OFFSET = 48;
const TOTAL_STORE_ORDER = 0x10;

function kernel(flags: number) {
  const bytes = elfFile();
  bytes[FLAGS_OFFSET] = flags;
  return { name: "kernel", bytes };
}

Deno.test("a program that relies on total store order gets it", () => {
  const cpuOf = (flags: number) =>
    withProgramProperties(describeMachine({ kernel: kernel(flags) }), VIRT).cpu.properties;
  assertEquals(cpuOf(0), {});
  assertEquals(cpuOf(TOTAL_STORE_ORDER), { ztso: true });
});

Deno.test("firmware is looked at too, and flat files say nothing", () => {
  const flat = { name: "flat", bytes: new Uint8Array(64).fill(0xff) };
  const machine = describeMachine({ kernel: flat, bios: kernel(TOTAL_STORE_ORDER) });
  assertEquals(withProgramProperties(machine, VIRT).cpu.properties, { ztso: true });
  assertEquals(withProgramProperties(describeMachine({ kernel: flat }), VIRT).cpu.properties, {});
});

Deno.test("what a program needs cannot be switched off", () => {
  const machine = describeMachine({ kernel: kernel(TOTAL_STORE_ORDER), cpu: { ztso: false } });
  assertThrows(() => withProgramProperties(machine, VIRT), ConfigurationError, '"kernel" says');
});
