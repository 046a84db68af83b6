import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { MachineStatistics } from "../machine/machine_interface.ts";
import { Monitor } from "./monitor.ts";

const STATISTICS: MachineStatistics = {
  wallSeconds: 0,
  harts: [{ activity: "running", pc: 0x10n, instructions: 0, hotInstructions: 0 }],
  regions: 1,
  modules: 2,
  moduleBytes: 3,
  invalidations: 4,
  compileMilliseconds: {},
  exits: {},
};

function session(): { type(keys: string): Promise<string>; readonly calls: string[] } {
  const calls: string[] = [];
  let printed = "";
  const monitor = new Monitor({
    quit: () => calls.push("quit"),
    sendBreak: () => calls.push("break"),
    statistics: () => Promise.resolve(STATISTICS),
  }, (text) => printed += text);
  monitor.enter();
  return {
    calls,
    type: async (keys) => {
      printed = "";
      await monitor.feed(new TextEncoder().encode(keys));
      return printed;
    },
  };
}

Deno.test("keys are echoed and backspace takes them back", async () => {
  const { type, calls } = session();
  assertEquals(await type("qx\x7f"), "qx\b \b");
  assertEquals(await type("\x08\x08"), "\b \b");
  assertEquals(await type("wrong\x15q\r"), "wrong" + "\b \b".repeat(5) + "q\n(weft) ");
  assertEquals(calls, ["quit"]);
});

Deno.test("commands answer in order", async () => {
  const { type, calls } = session();
  const text = await type("info harts\rsendbreak\rinfo jit\r");
  assertMatch(text, /hart 0: running {2}pc 0x0{14}10 .*\n\(weft\) \(weft\) wall time/);
  assertEquals(calls, ["break"]);
});

Deno.test("help lists the commands, a mistyped one gets a suggestion, an empty line a prompt", async () => {
  const { type } = session();
  assertStringIncludes(await type("help\r"), "info harts, info cpus   what each hart does\n");
  assertStringIncludes(await type("quti\r"), 'no command "quti": did you mean quit?\n');
  assertEquals(await type("\r"), "\n(weft) ");
});

Deno.test("rates of a machine that has not run are not numbers", async () => {
  const { type } = session();
  assertMatch(await type("info jit\r"), /^speed +- MIPS\nin the hot tier +-$/m);
});
