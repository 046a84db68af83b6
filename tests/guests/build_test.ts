import { assertEquals } from "@std/assert";
import {
  buildGuest,
  buildLinuxProgram,
  checkedInCompiler,
  guestBuilds,
  guestCompiler,
  LINUX_PROGRAMS,
} from "./build.ts";

const compiler = await guestCompiler();
const expected = await checkedInCompiler();
const reason = compiler === undefined
  ? "no RISC-V cross compiler is installed"
  : compiler !== expected
  ? `the binaries were built with "${expected}", this machine has "${compiler}"`
  : undefined;
if (reason !== undefined) console.log(`guest binaries are not rebuilt: ${reason}`);

async function assertBuilds(
  build: (output: string) => Promise<void>,
  checkedIn: URL,
): Promise<void> {
  const output = await Deno.makeTempFile({ suffix: ".elf" });
  try {
    await build(output);
    assertEquals(await Deno.readFile(output), await Deno.readFile(checkedIn));
  } finally {
    await Deno.remove(output);
  }
}

for (const build of guestBuilds()) {
  Deno.test({
    name: `${build.name} for ${build.board} is what its source compiles to`,
    ignore: reason !== undefined,
    fn: () => assertBuilds((output) => buildGuest(build, output), build.elf),
  });
}

for (const program of LINUX_PROGRAMS) {
  Deno.test({
    name: `${program.name} for Linux is what its sources compile to`,
    ignore: reason !== undefined,
    fn: () => assertBuilds((output) => buildLinuxProgram(program, output), program.elf),
  });
}
