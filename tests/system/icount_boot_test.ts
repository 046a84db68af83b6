// Linux, twice, with time counted in instructions: the same bytes and the same counts.

import { assertEquals, assertMatch } from "@std/assert";
import { type AccelOptions, Machine } from "../../mod.ts";
import { outputOf } from "../library/machine_fixture.ts";
import { guestFiles } from "../tools/guest.ts";
import { guestOrSkip } from "./guest_or_skip.ts";

/** A guest that still runs after this long hangs. */
const HANG_AFTER_MS = 400_000;
const COUNTED: AccelOptions = { icount: { shift: 0, sleep: false } };
const guest = await guestOrSkip();

interface Boot {
  readonly output: string;
  readonly counts: readonly number[];
}

async function boot(harts: number, accel: AccelOptions): Promise<Boot> {
  const { kernel, initrd } = guestFiles();
  await using machine = await Machine.create({
    harts,
    memory: "512M",
    kernel,
    initrd,
    append: "console=ttyS0 cryptomgr.notests weft.run=cpuinfo",
    noReboot: true,
    accel,
    signal: AbortSignal.timeout(HANG_AFTER_MS),
  });
  const output = outputOf(machine);
  await machine.start();
  assertEquals((await machine.exited).reason, "power-off");
  const counts = machine.stats().harts.map(({ instructions }) => instructions);
  return { output: await output, counts };
}

for (const harts of [1, 2]) {
  Deno.test({
    name: `icount: boots of Linux on ${harts} harts are the same, byte by byte and count by count`,
    ignore: guest === null,
    async fn() {
      const first = await boot(harts, COUNTED);
      assertMatch(first.output, new RegExp(`BOOT-OK ${harts}\\b`));
      assertEquals(await boot(harts, COUNTED), first);
      const cold = { ...COUNTED, experiment: { regions: false } };
      assertEquals(await boot(harts, cold), first, "without compiled code");
    },
  });
}
