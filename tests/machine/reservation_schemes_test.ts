// What a store-conditional sees with each scheme of -accel tcg,llsc=, from a guest that changes the reserved
// line between the two instructions every time and puts the old value back.

import { assertEquals, assertMatch } from "@std/assert";
import { LLSC_SCHEMES } from "../../runtime/machine/options.ts";
import { runGuest } from "../guests/guest_run.ts";

const HARTS = 2;
const ROUNDS = 1000;
const TIMEOUT_SECONDS = 120;

for (const scheme of LLSC_SCHEMES) {
  Deno.test(`llsc=${scheme}: a value that went and came back is seen, unless values are compared`, async () => {
    const { exitCode, stdout, stderr } = await runGuest({
      name: "reservation_seen",
      board: "virt",
      harts: HARTS,
      engine: "weft",
      timeoutSeconds: TIMEOUT_SECONDS,
      parameters: { iterations: ROUNDS },
      flags: ["-accel", `tcg,llsc=${scheme}`],
    });
    const isExact = scheme !== "cas";
    assertMatch(stdout, new RegExp(`^reservation_seen ${isExact ? 0 : ROUNDS}\\b`), stderr);
    assertEquals(exitCode, isExact ? 0 : 1, stdout + stderr);
  });
}
