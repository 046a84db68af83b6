// The checksums that emulators are held to are those of the same sources on the host.

import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { KERNEL_LIST_SOURCES, LINUX_BENCH_SOURCES, LINUX_ITEMS, TEST_REPEAT } from "./items.ts";

const COMPILER = "cc";
const FLAGS = ["-O2", "-ffp-contract=off", "-fno-math-errno"];

async function hasCompiler(): Promise<boolean> {
  try {
    return (await new Deno.Command(COMPILER, { args: ["--version"] }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function run(command: string, args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args }).output();
  const decoder = new TextDecoder();
  assertEquals(success, true, decoder.decode(stderr));
  return decoder.decode(stdout);
}

Deno.test({
  name: "kernels compiled for the host give the recorded checksums",
  ignore: !await hasCompiler(),
  async fn() {
    const program = await Deno.makeTempFile({ prefix: "native-kernels-" });
    try {
      const sources = [...KERNEL_LIST_SOURCES, new URL("main_native.c", LINUX_BENCH_SOURCES)]
        .map((source) => fileURLToPath(source));
      await run(COMPILER, [...FLAGS, ...sources, "-o", program, "-lm"]);
      const kernels = LINUX_ITEMS.filter(({ group }) => group !== "system");
      const output = await run(program, kernels.map(({ name }) => `${name}:${TEST_REPEAT}`));
      assertEquals(
        output.trim().split("\n"),
        kernels.map(({ name, checksum }) => `${name} ${TEST_REPEAT} ${checksum}`),
      );
    } finally {
      await Deno.remove(program);
    }
  },
});
