// A session in a Linux shell, recorded and replayed: the same bytes, the same number of instructions, the same hash.

import { assertEquals, assertMatch } from "@std/assert";
import { type IcountOptions, Machine } from "../../mod.ts";
import { guestFiles } from "../tools/guest.ts";
import { guestOrSkip } from "./guest_or_skip.ts";

/** A guest that still runs after this long hangs. */
const HANG_AFTER_MS = 400_000;
const PROMPT = "# ";
const guest = await guestOrSkip();

interface Session {
  readonly output: string;
  readonly instructions: number | undefined;
  readonly hash: string | undefined;
}

/** Boots, types each line at a prompt, and runs to the end. */
async function session(
  harts: number,
  icount: IcountOptions,
  lines: readonly string[],
): Promise<Session> {
  const { kernel, initrd } = guestFiles();
  await using machine = await Machine.create({
    harts,
    memory: "256M",
    kernel,
    initrd,
    append: "console=ttyS0 cryptomgr.notests",
    noReboot: true,
    accel: { icount },
    signal: AbortSignal.timeout(HANG_AFTER_MS),
  });
  const keys = machine.console.writable.getWriter();
  await machine.start();
  const waiting = [...lines];
  let output = "";
  let seen = 0;
  for await (const text of machine.console.readable.pipeThrough(new TextDecoderStream())) {
    output += text;
    const prompt = output.indexOf(PROMPT, seen);
    if (prompt < 0 || waiting.length === 0) continue;
    seen = prompt + PROMPT.length;
    await keys.write(new TextEncoder().encode(waiting.shift()));
  }
  const { reason, message, journal } = await machine.exited;
  assertEquals(reason, "power-off", message);
  return { output, instructions: journal?.instructions, hash: journal?.hash };
}

for (const harts of [1, 2]) {
  Deno.test({
    name: `rr: a session in a shell of Linux on ${harts} harts is replayed byte by byte`,
    ignore: guest === null,
    async fn() {
      const path = await Deno.makeTempFile({ suffix: ".weft-rr" });
      try {
        const log = { shift: 0, rrfile: path } as const;
        const lines = ["echo typed $((6*7))\n", "date; cat /proc/interrupts\n", "poweroff -f\n"];
        const recorded = await session(harts, { ...log, rr: "record" }, lines);
        assertMatch(recorded.output, /typed 42/);
        assertEquals(await session(harts, { ...log, rr: "replay" }, []), recorded);
      } finally {
        await Deno.remove(path);
      }
    },
  });
}
