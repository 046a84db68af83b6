// Threads of a Linux program meet in futexes, a reader-writer lock and atomics, on more harts than cores.

import { assertEquals, assertMatch } from "@std/assert";
import { fileURLToPath } from "node:url";
import { LOCK_STRESS } from "../guests/build.ts";
import { guestFiles } from "../tools/guest.ts";
import { withAppendedArchive } from "../tools/guest/appended_archive.ts";
import { runCommands } from "../tools/guest/init_script.ts";
import { guestOrSkip } from "./guest_or_skip.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const HARTS = 8;
const THREADS = 16;
/** `WEFT_STRESS_SECONDS` asks for a longer run. */
const SECONDS = Number(Deno.env.get("WEFT_STRESS_SECONDS") ?? 10);
const EXECUTABLE = 0o755;
/** A guest that still runs so long after its time hangs. */
const HANG_AFTER_MS = 300_000;

/** The guest's initial RAM disk with the program. */
async function writeInitrd(path: string): Promise<void> {
  const base = await Deno.readFile(guestFiles().initrd);
  const content = await Deno.readFile(LOCK_STRESS.elf);
  const program = { kind: "file", path: "bin/lock_stress", mode: EXECUTABLE, content } as const;
  await Deno.writeFile(path, withAppendedArchive(base, [program]));
}

const guest = await guestOrSkip();

Deno.test({
  name: `Linux on ${HARTS} harts: no lock loses an update, nobody stalls`,
  ignore: guest === null,
  async fn() {
    const initrd = await Deno.makeTempFile({ prefix: "lock-stress-", suffix: ".cpio" });
    try {
      await writeInitrd(initrd);
      const run = runCommands(`lock_stress ${THREADS} ${SECONDS}`);
      const { code, stdout } = await new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "--allow-all", "mod.ts", "-M", "virt", "-nographic", "-no-reboot"],
          ...["-smp", String(HARTS), "-m", "512M", "-kernel", guestFiles().kernel],
          ...["-initrd", initrd, "-append", `console=ttyS0 cryptomgr.notests weft.run=${run}`],
        ],
        cwd: ROOT,
        stdin: "null",
        stderr: "inherit",
        signal: AbortSignal.timeout(SECONDS * 1000 + HANG_AFTER_MS),
      }).output();
      const text = new TextDecoder().decode(stdout);
      assertMatch(text, /STRESS-OK rounds \d+ turns \d+/, text);
      assertMatch(text, /RUN-EXIT 0/, text);
      for (const complaint of ["rcu_sched self-detected stall", "soft lockup", "BUG:"]) {
        assertEquals(text.includes(complaint), false, text);
      }
      assertEquals(code, 0);
    } finally {
      await Deno.remove(initrd);
    }
  },
});
