/** The console on a real (pseudo) terminal: keys, monitor, and restoration on every way out. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { hasPseudoTerminals, type PtyStep, RUN_WORDS, runOnTerminal } from "./program.ts";

const ignore = !await hasPseudoTerminals();
const GREETING = "[virt 1 ]";
const STARTED: readonly PtyStep[] = [{ expect: GREETING }, { raw: true }];

Deno.test({
  name: "the terminal is raw while the guest runs and restored after power-off",
  ignore,
  fn: async () => {
    const steps = [...STARTED, { send: "ab\x03\x1aQ" }, { expect: "ab\x03\x1aQ" }];
    const report = await runOnTerminal(RUN_WORDS, steps);
    assertEquals(report.failed, null);
    assertEquals(report.code, 0);
    assert(report.restored);
  },
});

Deno.test({
  name: "the status line is erased before the guest's first byte",
  ignore,
  fn: async () => {
    const report = await runOnTerminal(RUN_WORDS, [...STARTED, { send: "Q" }]);
    assertStringIncludes(report.output, "weft: starting virt, 1 hart, 128 MiB; Ctrl-A x ends it");
    assert(report.output.endsWith(`\r\x1b[K${GREETING}Q`), JSON.stringify(report.output));
  },
});

Deno.test({
  name: "Ctrl-A keys quit, send a break, send Ctrl-A itself and explain themselves",
  ignore,
  fn: async () => {
    const report = await runOnTerminal(RUN_WORDS, [
      ...STARTED,
      { send: "\x01b" },
      { expect: "<break>" },
      { send: "\x01a" },
      { expect: "\x01" },
      { send: "\x01" },
      { send: "h" },
      { expect: "Ctrl-A x  end the machine" },
      { send: "\x01x" },
    ]);
    assertEquals(report.failed, null);
    assertEquals(report.code, 0);
    assert(report.restored);
  },
});

Deno.test({
  name: "the monitor answers behind Ctrl-A c and gives the console back",
  ignore,
  fn: async () => {
    const report = await runOnTerminal([...RUN_WORDS, "-smp", "2"], [
      { expect: "[virt 2 ]" },
      { raw: true },
      { send: "\x01c" },
      { expect: "(weft) " },
      { send: "infx\x7fo  harts\r" },
      { expect: "hart 1: waiting  pc 0x0000000080200000  50.0 M instructions, 80.0 % hot" },
      { send: "info hart\r" },
      { expect: "did you mean info harts?" },
      { send: "\x01cxyz" },
      { expect: "xyz" },
      { send: "\x01cquit\r" },
    ]);
    assertEquals(report.failed, null);
    assertEquals(report.code, 0);
    assert(report.restored);
  },
});

for (
  const { name, number } of [
    { name: "SIGHUP", number: 1 },
    { name: "SIGINT", number: 2 },
    { name: "SIGQUIT", number: 3 },
    { name: "SIGTERM", number: 15 },
  ]
) {
  Deno.test({
    name: `the terminal is restored after ${name}`,
    ignore,
    fn: async () => {
      const report = await runOnTerminal(RUN_WORDS, [...STARTED, { signal: number }]);
      assertEquals(report.failed, null);
      assertEquals(report.code, 128 + number);
      assert(report.restored);
    },
  });
}

Deno.test({
  name: "the terminal is restored after an error that nothing caught",
  ignore,
  fn: async () => {
    const report = await runOnTerminal(RUN_WORDS, [...STARTED, { send: "T" }]);
    assertEquals(report.failed, null);
    assertEquals(report.code, 4);
    assertStringIncludes(report.output, "nothing catches this");
    assert(report.restored);
  },
});

Deno.test({
  name: "-serial stdio leaves the keys that send signals to the terminal",
  ignore,
  fn: async () => {
    const report = await runOnTerminal([...RUN_WORDS, "-serial", "stdio"], [
      { expect: GREETING },
      { raw: true },
      { send: "\x01x" },
      { expect: "\x01x" },
      { send: "\x03" },
    ]);
    assertEquals(report.failed, null);
    assertEquals(report.code, 130);
    assert(report.restored);
  },
});
