// Linux switches a hart off and on again while it runs: the firmware's hart states as a kernel uses them.

import { assertEquals, assertMatch } from "@std/assert";
import { Machine } from "../../mod.ts";
import { guestFiles } from "../tools/guest.ts";
import { withAppendedArchive } from "../tools/guest/appended_archive.ts";
import { guestOrSkip } from "./guest_or_skip.ts";

const TIMES = 5;
const SCRIPT = `
switch=/sys/devices/system/cpu/cpu1/online
for time in $(seq ${TIMES}); do
  echo 0 > $switch && echo "OFF $(nproc)" && echo 1 > $switch && echo "ON $(nproc)" || exit 1
  taskset 2 true || exit 2
done
`;

const guest = await guestOrSkip();

for (const thread of ["multi", "single"] as const) {
  Deno.test({
    name: `Linux switches a hart off and on again, thread=${thread}`,
    ignore: guest === null,
    async fn() {
      const content = new TextEncoder().encode(SCRIPT);
      const { kernel, initrd } = guestFiles();
      await using machine = await Machine.create({
        harts: 2,
        memory: "256M",
        kernel,
        initrd: withAppendedArchive(await Deno.readFile(initrd), [
          { kind: "file", path: "switch.sh", mode: 0o755, content },
        ]),
        append: "console=ttyS0 cryptomgr.notests weft.run=script:/switch.sh",
        accel: { thread },
      });
      const output = new Response(machine.console.readable).text();
      await machine.start();
      assertEquals((await machine.exited).reason, "power-off");
      const text = await output;
      assertMatch(text, /RUN-EXIT 0\r\n/);
      const counts = [...text.matchAll(/^(OFF 1|ON 2)\r$/gm)].map(([, count]) => count);
      assertEquals(counts, new Array(TIMES).fill(["OFF 1", "ON 2"]).flat());
    },
  });
}
