import { assertEquals } from "@std/assert";
import { buildGuest, checkedInCompiler, guestBuilds, guestCompiler } from "./build.ts";

const compiler = await guestCompiler();
const expected = await checkedInCompiler();
const reason = compiler === undefined
  ? "no RISC-V cross compiler is installed"
  : compiler !== expected
  ? `the binaries were built with "${expected}", this machine has "${compiler}"`
  : undefined;
if (reason !== undefined) console.log(`guest binaries are not rebuilt: ${reason}`);

for (const build of guestBuilds()) {
  Deno.test({
    name: `${build.name} for ${build.board} is what its source compiles to`,
    ignore: reason !== undefined,
    async fn() {
      const output = await Deno.makeTempFile({ suffix: ".elf" });
      try {
        await buildGuest(build, output);
        assertEquals(await Deno.readFile(output), await Deno.readFile(build.elf));
      } finally {
        await Deno.remove(output);
      }
    },
  });
}
