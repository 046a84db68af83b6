// What a store-conditional sees with each scheme of -accel tcg,llsc=, from guests that change the reserved line
// between the two instructions every time and put the old value back, and from a queue whose nodes come back.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { LLSC_SCHEMES } from "../../runtime/machine/options.ts";
import { type GuestRun, runGuest } from "../guests/guest_run.ts";

const ROUNDS = 1000;
const TIMEOUT_SECONDS = 120;

/** The guests print in how many rounds the store-conditional succeeded. */
const CHANGED_EVERY_TIME = [
  { name: "reservation_seen", board: "virt", harts: 2, who: "another hart" },
  { name: "device_write", board: "spike", harts: 1, who: "a device" },
] as const;

for (const { who, ...guest } of CHANGED_EVERY_TIME) {
  for (const scheme of LLSC_SCHEMES) {
    Deno.test(`llsc=${scheme}: a value that ${who} puts back is seen, unless values are compared`, async () => {
      const { exitCode, stdout, stderr } = await runGuest({
        ...guest,
        engine: "weft",
        timeoutSeconds: TIMEOUT_SECONDS,
        parameters: { iterations: ROUNDS },
        flags: ["-accel", `tcg,llsc=${scheme}`],
      });
      const isExact = scheme !== "cas";
      assertMatch(stdout, new RegExp(`^${guest.name} ${isExact ? 0 : ROUNDS}\\b`), stderr);
      assertEquals(exitCode, isExact ? 0 : 1, stdout + stderr);
    });
  }
}

/** Guests with impure windows; with the default scheme they run in the tests of all guests. */
const RESERVING_GUESTS = [
  "smp_counter",
  "treiber_stack",
  "reservation_pages",
  "mcs_lock",
  "aliasing_lines",
  "reservation_fairness",
];

for (const name of RESERVING_GUESTS) {
  Deno.test(`llsc=exclusive: guest program ${name} passes`, async () => {
    const { exitCode, stdout, stderr } = await runGuest({
      name,
      board: "virt",
      harts: 4,
      engine: "weft",
      timeoutSeconds: TIMEOUT_SECONDS,
      flags: ["-accel", "tcg,llsc=exclusive"],
    });
    assertEquals(exitCode, 0, stdout + stderr);
  });
}

/** Long enough that comparing values corrupts the queue in nearly every run. */
const QUEUE: GuestRun = {
  name: "michael_scott_queue",
  board: "virt",
  harts: 4,
  engine: "weft",
  timeoutSeconds: TIMEOUT_SECONDS,
  parameters: { iterations: 200_000 },
};
/** A corrupted list can have a ring in it, in which harts search for ever. */
const CORRUPTED_SECONDS = 6;
const CORRUPTED_RUNS = 10;
const CHECK_FAILED = 1;

for (const scheme of LLSC_SCHEMES.filter((each) => each !== "cas")) {
  Deno.test(`llsc=${scheme}: a queue without tags stays whole`, async () => {
    const flags = ["-accel", `tcg,llsc=${scheme}`];
    const { exitCode, stdout, stderr } = await runGuest({ ...QUEUE, flags });
    assertEquals(exitCode, 0, stdout + stderr);
  });
}

Deno.test("llsc=cas: a queue without tags is corrupted", async () => {
  const timeoutSeconds = CORRUPTED_SECONDS;
  const flags = ["-accel", "tcg,llsc=cas"];
  for (let run = 1; run <= CORRUPTED_RUNS; run++) {
    const parameters = { ...QUEUE.parameters, seed: BigInt(run) };
    const { exitCode, stderr } = await runGuest({ ...QUEUE, timeoutSeconds, parameters, flags });
    if (exitCode === CHECK_FAILED && stderr === "") return;
  }
  assert(false, `no check of the guest failed in ${CORRUPTED_RUNS} runs`);
});
