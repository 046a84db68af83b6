// Every guest program through every layer: command line, loader, translation, devices, exit code.

import { assertEquals, assertMatch } from "@std/assert";
import { runGuest } from "./guest_run.ts";
import { GUEST_PROGRAMS, type GuestBoard } from "./guest_programs.ts";

const HART_COUNTS = [1, 2, 4, 8];
const TIMEOUT_SECONDS = 120;
/** How harts share threads: all of them one, or more harts than threads. */
const SHARED = [
  ["harts that share a thread", "thread=single", [2, 8]],
  ["four harts that share three threads", "threads=3", [4]],
] as const;

async function passes(name: string, board: GuestBoard, harts: number, flags: readonly string[]) {
  const outcome = await runGuest({
    name,
    board,
    harts,
    engine: "weft",
    timeoutSeconds: TIMEOUT_SECONDS,
    flags,
  });
  assertEquals(outcome.exitCode, 0, outcome.stdout + outcome.stderr);
  assertMatch(outcome.stdout, new RegExp(`^${name} `));
}

for (const { name, boards, multiHart } of GUEST_PROGRAMS) {
  for (const board of boards) {
    for (const harts of multiHart ? HART_COUNTS : [1]) {
      Deno.test(
        `guest program ${name} passes on ${board} with ${harts} harts`,
        () => passes(name, board, harts, []),
      );
    }
    if (!multiHart) continue;
    for (const [who, threads, hartCounts] of SHARED) {
      Deno.test(`guest program ${name} passes on ${board} with ${who}`, async () => {
        const flags = ["-accel", `tcg,${threads}`];
        for (const harts of hartCounts) await passes(name, board, harts, flags);
      });
    }
  }
}
