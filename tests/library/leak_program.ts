// Creates and ends machines one after the other, and prints how this process has grown.
// Arguments: number of cycles; `early` to end each at once, `whole` to end it when it runs compiled code.

import { assemble } from "../../frontend/riscv/encoder.ts";
import { programMachine, turn } from "./machine_fixture.ts";

const COUNT_FOREVER = [assemble("addi", { rd: 10, rs1: 10, imm: 1 }), assemble("jal", { imm: -4 })];
const WAYS_TO_END = 4;
const WARM_UP = 8;
/** Looks at the threads, all with the same result, and turns of the event loop between two: a second together. */
const SETTLED_ROUNDS = 20;
const ROUND_TURNS = 1000;
const KIB = 1024;

/** What the system says of this process. */
export interface Growth {
  readonly threads: number;
  readonly addressBytes: number;
  readonly residentBytes: number;
}

/** Measures when the threads that go have gone. */
async function measure(): Promise<Growth> {
  let last = await status();
  for (let rounds = 0; rounds < SETTLED_ROUNDS; rounds++) {
    (globalThis as { gc?: () => void }).gc?.();
    for (let turns = 0; turns < ROUND_TURNS; turns++) await turn();
    const now = await status();
    if (now.threads !== last.threads) rounds = 0;
    last = now;
  }
  return last;
}

async function status(): Promise<Growth> {
  const status = await Deno.readTextFile("/proc/self/status");
  const field = (name: string): number =>
    Number(new RegExp(`^${name}:\\s*(\\d+)`, "m").exec(status)?.[1]);
  return {
    threads: field("Threads"),
    addressBytes: field("VmSize") * KIB,
    residentBytes: field("VmRSS") * KIB,
  };
}

async function live(cycle: number, isWhole: boolean): Promise<void> {
  const controller = new AbortController();
  await using machine = await programMachine(COUNT_FOREVER, { signal: controller.signal });
  const way = cycle % WAYS_TO_END;
  if (isWhole || way > 0) await machine.start();
  while (isWhole && machine.stats().regions === 0) await turn();
  if (way === 2) await machine.pause();
  if (way === 3) controller.abort();
}

if (import.meta.main) {
  const [cycles, how] = Deno.args;
  for (let cycle = 0; cycle < WARM_UP; cycle++) await live(cycle, how === "whole");
  const before = await measure();
  for (let cycle = 0; cycle < Number(cycles); cycle++) await live(cycle, how === "whole");
  const after = await measure();
  const growth: Growth = {
    threads: after.threads - before.threads,
    addressBytes: after.addressBytes - before.addressBytes,
    residentBytes: after.residentBytes - before.residentBytes,
  };
  console.log(JSON.stringify(growth));
}
