// Every guest program through every layer: command line, loader, translation, devices, exit code.

import { assertEquals, assertMatch } from "@std/assert";
import { runGuest } from "./guest_run.ts";
import { GUEST_PROGRAMS } from "./guest_programs.ts";

const HART_COUNTS = [1, 2, 4, 8];
const TIMEOUT_SECONDS = 120;

for (const { name, boards, multiHart } of GUEST_PROGRAMS) {
  for (const board of boards) {
    for (const harts of multiHart ? HART_COUNTS : [1]) {
      Deno.test(`guest program ${name} passes on ${board} with ${harts} harts`, async () => {
        const outcome = await runGuest({
          name,
          board,
          harts,
          engine: "weft",
          timeoutSeconds: TIMEOUT_SECONDS,
        });
        assertEquals(outcome.exitCode, 0, outcome.stdout + outcome.stderr);
        assertMatch(outcome.stdout, new RegExp(`^${name} `));
      });
    }
  }
}
