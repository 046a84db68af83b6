// The timeline of a machine, and the watchdog beside guests that are busy, asleep, or lost in exceptions.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { assemble } from "../../frontend/riscv/encoder.ts";
import { ConfigurationError, Machine, type MachineSettings, MachineStateError } from "../../mod.ts";
import { guestMachine, programMachine, turn } from "./machine_fixture.ts";

const A0 = 10;
const WATCHDOG_SECONDS = 0.8;
const WATCHED_MS = 1.5 * WATCHDOG_SECONDS * 1000;

interface Line {
  readonly name: string;
  readonly ph: "M" | "X" | "i";
  readonly tid: number;
  readonly ts: number;
  readonly dur: number;
  readonly args: { readonly cause: number };
}

function timeline(machine: Machine): Line[] {
  const { traceEvents } = JSON.parse(machine.trace());
  return traceEvents.filter(({ ph }: Line) => ph !== "M");
}

for (const thread of ["multi", "single"] as const) {
  Deno.test(`thread=${thread}: the timeline of a guest has its sleeps and interrupts, hart by hart`, async () => {
    const settings: MachineSettings = { harts: 2, trace: true, accel: { thread } };
    await using machine = await guestMachine("interrupts", {}, settings);
    const begin = performance.now();
    await machine.start();
    assertEquals((await machine.exited).reason, "power-off");
    const wallUs = (performance.now() - begin) * 1000;
    const lines = timeline(machine);
    for (const hart of [0, 1]) {
      const own = lines.filter(({ tid }) => tid === hart);
      const named = (wanted: string): Line[] => own.filter(({ name }) => name === wanted);
      const sleeps = named("sleeps until an interrupt");
      const interrupts = named("interrupt");
      assert(sleeps.length > 0 && interrupts.length > 0, `hart ${hart}`);
      const asleepUs = sleeps.reduce((sum, { dur }) => sum + dur, 0);
      assert(asleepUs > 0 && asleepUs < wallUs, `${asleepUs} of ${wallUs} us`);
      const causes = new Set(interrupts.map(({ args }) => args.cause));
      assert(causes.isSubsetOf(new Set([3, 7])), [...causes].join());
      for (const { ts, dur } of sleeps) {
        assert(interrupts.every((one) => one.ts <= ts || one.ts >= ts + dur), "none in a sleep");
      }
    }
    assertEquals(lines.map(({ ts }) => ts), lines.map(({ ts }) => ts).toSorted((a, b) => a - b));
  });
}

Deno.test("a timeline goes on over a restart, and can be had while the machine runs", async () => {
  await using machine = await programMachine([assemble("wfi"), assemble("jal", { imm: -4 })], {
    trace: true,
  });
  await machine.start();
  const sleeps = (): number =>
    timeline(machine).filter(({ name }) => name === "sleeps until an interrupt").length;
  while (sleeps() === 0) await turn();
  await machine.reset();
  while (sleeps() < 2) await turn();
});

Deno.test("a machine without a trace has no timeline", async () => {
  await using machine = await programMachine([assemble("wfi")]);
  assertThrows(() => machine.trace(), MachineStateError, "trace: true");
});

/** Resolves when the watchdog has had the time to bark. */
function watched(): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  AbortSignal.timeout(WATCHED_MS).addEventListener("abort", resolve);
  return promise;
}

const GUESTS: readonly (readonly [string, readonly number[], MachineSettings])[] = [
  ["counts", [assemble("addi", { rd: A0, rs1: A0, imm: 1 }), assemble("jal", { imm: -4 })], {}],
  ["sleeps for ever", [assemble("wfi"), assemble("jal", { imm: -4 })], {}],
  ["takes exceptions for ever, from address 0", [assemble("jalr", { rs1: 0, imm: 0 })], {}],
  ["counts on one thread with others", [
    assemble("addi", { rd: A0, rs1: A0, imm: 1 }),
    assemble("jal", { imm: -4 }),
  ], { accel: { thread: "single" } }],
  ["counts in counted time", [
    assemble("addi", { rd: A0, rs1: A0, imm: 1 }),
    assemble("jal", { imm: -4 }),
  ], { accel: { icount: { shift: 0 } } }],
];

for (const [does, program, settings] of GUESTS) {
  Deno.test(`the watchdog leaves a guest alone that ${does}, also in a pause`, async () => {
    await using machine = await programMachine(program, {
      harts: 2,
      watchdogSeconds: WATCHDOG_SECONDS,
      ...settings,
    });
    await machine.start();
    await watched();
    await machine.pause();
    await watched();
    await machine.resume();
    assertEquals(await machine.stop(), { reason: "stopped", code: 0 });
  });
}

Deno.test("a watchdog that cannot be is refused", async () => {
  const kernel = new Uint8Array(4);
  for (const watchdogSeconds of [-1, NaN, 1e9]) {
    let refusal: unknown;
    await Machine.create({ firmware: "none", kernel, watchdogSeconds })
      .catch((error: unknown) => refusal = error);
    assert(refusal instanceof ConfigurationError);
  }
});
