// A session in a Linux shell that is recorded, then gone through back and forth.

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { Machine, type MachineSettings } from "../../mod.ts";
import { SeededRandom } from "../differential/seeded_random.ts";
import { guestFiles } from "../tools/guest.ts";
import { guestOrSkip } from "./guest_or_skip.ts";

/** A guest that still runs after this long hangs. */
const HANG_AFTER_MS = 400_000;
const PROMPT = "# ";
const PLACES = 8;
const JUMPS = 12;
const guest = await guestOrSkip();

async function linux(harts: number, settings: MachineSettings): Promise<Machine> {
  const { kernel, initrd } = guestFiles();
  return await Machine.create({
    harts,
    memory: "256M",
    kernel,
    initrd,
    append: "console=ttyS0 cryptomgr.notests",
    noReboot: true,
    signal: AbortSignal.timeout(HANG_AFTER_MS),
    ...settings,
  });
}

/** Boots, types a line at each prompt, and runs to the end. @returns instructions and hash */
async function record(harts: number, rrfile: string): Promise<[number, string]> {
  const accel = { icount: { shift: 0, rr: "record", rrfile } } as const;
  await using machine = await linux(harts, { accel });
  const keys = machine.console.writable.getWriter();
  await machine.start();
  const waiting = ["echo typed $((6*7))\n", "date; cat /proc/interrupts\n", "poweroff -f\n"];
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
  return [journal?.instructions ?? 0, journal?.hash ?? ""];
}

async function replay(harts: number, rrfile: string): Promise<Machine> {
  const accel = { icount: { shift: 0, rr: "replay", rrfile } } as const;
  const machine = await linux(harts, { accel, snapshots: true });
  machine.console.readable.cancel();
  return machine;
}

for (const harts of [1, 2]) {
  Deno.test({
    name: `seek: a session in a shell of Linux on ${harts} harts is gone through back and forth`,
    ignore: guest === null,
    async fn() {
      const path = await Deno.makeTempFile({ suffix: ".weft-rr" });
      try {
        const [length, hash] = await record(harts, path);
        const random = new SeededRandom(length);
        const places = Array.from({ length: PLACES }, () => random.below(length));
        const hashes = new Map<number, string>();
        await using machine = await replay(harts, path);
        for (const place of places.toSorted((a, b) => a - b)) {
          await machine.seek(place);
          hashes.set(place, await machine.stateHash());
        }
        for (let count = 0; count < JUMPS; count++) {
          const place = places[random.below(PLACES)];
          await machine.seek(place);
          const here = await machine.stateHash();
          assertEquals(here, hashes.get(place), `at instruction ${place} of ${length}`);
          if (place === 0) continue;
          await machine.stepBack();
          assertNotEquals(await machine.stateHash(), here);
        }
        await machine.resume();
        const { reason, message, journal } = await machine.exited;
        assertEquals(reason, "power-off", message);
        assert(length > 0);
        assertEquals([journal?.instructions, journal?.hash], [length, hash]);
      } finally {
        await Deno.remove(path);
      }
    },
  });
}
