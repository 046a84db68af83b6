// What a boot of Linux asks of the compiler, recorded while it runs.

import { guestFiles } from "../../tests/tools/guest.ts";
import { runTimed } from "../child_time.ts";
import { engineByName } from "../engines.ts";

const MEMORY = "512M";
const HARTS = 1;
const APPEND = "console=ttyS0 weft.run=poweroff cryptomgr.notests";
const BOOT_MARK = "BOOT-OK";
const TIMEOUT_SECONDS = 300;

/** Boots once and writes the requests into a file, a line of JSON for each region. */
export async function recordBoot(path: string): Promise<void> {
  const files = guestFiles();
  const { command, args } = engineByName("weft").boot(
    { kernel: files.kernel, initrd: files.initrd, append: APPEND, memory: MEMORY },
    HARTS,
  );
  const { exitCode, stdout, stderr } = await runTimed({
    command,
    args: [...args, "-d", "request", "-D", path],
    timeoutSeconds: TIMEOUT_SECONDS,
  });
  if (exitCode === 0 && stdout.includes(BOOT_MARK)) return;
  throw new Error(`the boot ended with ${exitCode}: ${stdout.slice(-1000)}${stderr}`);
}
