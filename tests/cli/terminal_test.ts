/** The console on a real (pseudo) terminal: keys, monitor, and restoration on every way out. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  hasPseudoTerminals,
  playOnTerminal,
  type PtyStep,
  realCommand,
  RUN_WORDS,
  runOnTerminal,
} from "./program.ts";

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

for (
  const { key, ending, code, says } of [
    { key: "T", ending: "an error that nothing caught", code: 4, says: "nothing catches this" },
    { key: "J", ending: "a rejection that nothing caught", code: 4, says: "nothing awaits this" },
    { key: "O", ending: "an error of the console", code: 4, says: "the output broke" },
    { key: "E", ending: "an internal error of the machine", code: 4, says: "a region differs" },
    { key: "P", ending: "a panic of the guest", code: 3, says: "Attempted to kill init" },
    { key: "7", ending: "an exit of the guest", code: 7, says: "7" },
    { key: "R", ending: "a reset", code: 0, says: "R" },
  ]
) {
  Deno.test({
    name: `the terminal is restored after ${ending}`,
    ignore,
    fn: async () => {
      const report = await runOnTerminal(RUN_WORDS, [...STARTED, { send: key }]);
      assertEquals(report.failed, null);
      assertEquals(report.code, code);
      assertStringIncludes(report.output, says);
      assert(report.restored);
    },
  });
}

for (
  const { words, code, says } of [
    { words: [...RUN_WORDS, "-append", "unbuildable"], code: 4, says: "a worker does not start" },
    { words: ["-kernel", "no/such/file"], code: 1, says: "there is no such file" },
    { words: ["-krenel"], code: 2, says: "did you mean -kernel?" },
  ]
) {
  Deno.test({
    name: `the terminal is left as it was by a start that fails: ${says}`,
    ignore,
    fn: async () => {
      const report = await runOnTerminal(words, []);
      assertEquals(report.code, code);
      assertStringIncludes(report.output, says);
      assert(report.restored);
    },
  });
}

/** A hart of the real machine in an endless loop, which a value in memory is. */
const ENDLESS_LOOP: readonly string[] = [
  ...["-bios", "none", "-device", "loader,addr=0x80000000,data=0x6f,data-len=4"],
];

for (
  const { name, step, code } of [
    { name: "SIGHUP", step: { signal: 1 }, code: 129 },
    { name: "SIGINT", step: { signal: 2 }, code: 130 },
    { name: "SIGTERM", step: { signal: 15 }, code: 143 },
    { name: "Ctrl-A x", step: { send: "\x01x" }, code: 0 },
  ]
) {
  Deno.test({
    name: `the terminal is restored when ${name} ends a guest that never would`,
    ignore,
    fn: async () => {
      const command = realCommand(["--allow-read"], ENDLESS_LOOP);
      const report = await playOnTerminal(command, [{ raw: true }, step]);
      assertEquals(report.failed, null);
      assertEquals(report.code, code, report.output);
      assert(report.restored);
    },
  });
}

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

Deno.test({
  name: "a terminal that changes its size tells the guest's console",
  ignore,
  fn: async () => {
    const report = await runOnTerminal(RUN_WORDS, [
      { size: [80, 24] },
      ...STARTED,
      { size: [132, 50] },
      { expect: "<132x50>" },
      { send: "Q" },
    ]);
    assertEquals(report.failed, null);
    assert(report.restored);
  },
});
