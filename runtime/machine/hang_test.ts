// Machines that hang are ended with a report, machines that are busy or asleep are not.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { createMachine } from "./machine.ts";
import { WORKER_SOURCES } from "./machine_workers.ts";
import { describeMachine, type MachineOptions } from "./options.ts";

const SCRIPTED = new URL("./scripted_worker_fixture.ts", import.meta.url);
const SOURCES = { ...WORKER_SOURCES, vcpu: SCRIPTED, compiler: SCRIPTED };
const MIB = 0x10_0000;

/** Runs a machine whose harts carry out a script. */
async function run(script: string, options: MachineOptions) {
  const kernel = { name: "script", bytes: new TextEncoder().encode(script) };
  const machine = await createMachine(
    describeMachine({ bios: "none", memoryBytes: 4 * MIB, kernel, ...options }),
    SOURCES,
  );
  await machine.start();
  return { machine, status: await machine.exited };
}

Deno.test("the hart that hangs is named, with what all harts do", async () => {
  const { machine, status } = await run("hang 2", { harts: 3, watchdogSeconds: 0.4, trace: true });
  assertEquals(status.reason, "internal-error");
  const lines = status.message?.split("\n") ?? [];
  assertEquals(lines[0], "no progress for 0.4 s: hart 2 hangs");
  const harts = lines.filter((line) => line.startsWith("  hart "));
  assertEquals(harts.length, 3);
  assertMatch(
    harts[0],
    /^ {2}hart 0: sleeps until an interrupt, .* pending: nothing, last seen at pc 0x/,
  );
  assertMatch(harts[2], /^ {2}hart 2: executes, RUNNING, pending: nothing, /);
  assert(lines.some((line) => /^ {4}[\d.]+ ms: sleeps until an interrupt \(begins\)$/.test(line)));
  const { traceEvents } = JSON.parse(machine.trace());
  const asleep = traceEvents.filter(({ ph }: { ph: string }) => ph === "X");
  assertEquals(asleep.map(({ tid }: { tid: number }) => tid).toSorted(), [0, 1]);
});

Deno.test("a lock that is never released is named, with who holds it and who waits", async () => {
  const { status } = await run("lock 0", { harts: 2, watchdogSeconds: 0.4 });
  assertMatch(status.message ?? "", /^no progress for 0\.4 s: harts 0, 1 hang\n/);
  assertMatch(status.message ?? "", /hart 0: holds a lock \(htif\)/);
  assertMatch(status.message ?? "", /hart 1: waits for a lock \(htif\)/);
});
