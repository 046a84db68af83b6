// Machines that are created and thrown away leave nothing behind: no thread, no memory.

import { assert, assertEquals } from "@std/assert";
import { Machine } from "../../mod.ts";
import { guestElfUrl } from "../guests/guest_elf.ts";
import type { Growth } from "./leak_program.ts";

const GIB = 2 ** 30;
/** The runtime's own pool may grow by some. */
const MORE_THREADS = 4;
/** Memories that the garbage collector has not looked at; each takes 4 GiB of addresses. */
const LEFT_TO_COLLECT = 5;
/** What allocators keep for later; some 4 MB left by each machine are far more. */
const SPARE_BYTES = 64 * 2 ** 20;

async function growth(cycles: number, how: "early" | "whole"): Promise<Growth> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-all",
      "--v8-flags=--expose-gc",
      new URL("leak_program.ts", import.meta.url).href,
      String(cycles),
      how,
    ],
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  assert(stdout.length > 0, decoder.decode(stderr));
  return JSON.parse(decoder.decode(stdout));
}

const ignore = Deno.build.os !== "linux"; // where the system tells what a process has

async function assertNothingLeft(cycles: number, how: "early" | "whole"): Promise<void> {
  const { threads, addressBytes, residentBytes } = await growth(cycles, how);
  assert(threads <= MORE_THREADS, `${threads} threads`);
  assert(addressBytes < LEFT_TO_COLLECT * 4.5 * GIB, `${addressBytes / GIB} GiB of addresses`);
  assert(residentBytes < SPARE_BYTES, `${residentBytes / 2 ** 20} MiB resident`);
}

Deno.test({
  name: "two hundred machines that end at once leave neither threads nor memory",
  ignore,
  fn: () => assertNothingLeft(200, "early"),
});

Deno.test({
  name: "machines that ran compiled code leave neither threads nor memory",
  ignore,
  fn: () => assertNothingLeft(16, "whole"),
});

Deno.test("many machines at once", async () => {
  const machines = await Promise.all(
    Array.from(
      { length: 8 },
      () => Machine.create({ firmware: "none", memory: "8M", kernel: guestElfUrl("hello") }),
    ),
  );
  await Promise.all(machines.map((machine) => machine.start()));
  const ends = await Promise.all(machines.map(({ exited }) => exited));
  assertEquals(ends.map(({ reason }) => reason), machines.map(() => "power-off"));
});
