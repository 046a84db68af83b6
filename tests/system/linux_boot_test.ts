// Debian's kernel boots on several harts to user space and powers off, through the command line.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { fileURLToPath } from "node:url";
import { guestFiles } from "../tools/guest.ts";
import { runCommands } from "../tools/guest/init_script.ts";
import { guestOrSkip } from "./guest_or_skip.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const HART_COUNTS = [1, 2, 4];
/** A guest that still runs after this long hangs: it is stopped, and the test fails instead of waiting on. */
const HANG_AFTER_MS = 300_000;
/** Share of the regions that a second boot finds in the code cache, at the very least. */
const LEAST_FOUND = 0.5;
/** Share of a profile's stacks in which a kernel address may have no name. */
const MOST_NAMELESS = 0.02;
/** What `seq 1 2000 | md5sum` prints on any machine. */
const MD5_OF_2000_LINES = "ea4d0a24dabcaa11f9aa979b872d162b";

interface Boot {
  readonly code: number;
  readonly console: string;
  readonly errors: string;
}

async function boot(harts: number, run: string, flags: readonly string[] = []): Promise<Boot> {
  const { kernel, initrd } = guestFiles();
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--allow-all", "mod.ts", "-M", "virt", "-nographic", "-no-reboot"],
      ...["-smp", String(harts), "-m", "512M", "-kernel", kernel, "-initrd", initrd],
      ...["-append", `console=ttyS0 cryptomgr.notests weft.run=${run}`],
      ...flags,
    ],
    cwd: ROOT,
    stdin: "null",
    stderr: "piped",
    signal: AbortSignal.timeout(HANG_AFTER_MS),
  }).output();
  const [text, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, console: text, errors };
}

const guest = await guestOrSkip();

interface BootCase {
  readonly harts: number;
  readonly threads: string;
  readonly flags: readonly string[];
}

const BOOTS: readonly BootCase[] = [
  ...HART_COUNTS.map((harts) => ({ harts, threads: "", flags: [] })),
  ...[2, 4].map((harts) => ({
    harts,
    threads: " that share a thread",
    flags: ["-accel", "tcg,thread=single"],
  })),
];

for (const { harts, threads, flags } of BOOTS) {
  Deno.test({
    name: `Linux boots on ${harts} ${
      harts === 1 ? "hart" : "harts"
    }${threads}, counts them and powers off`,
    ignore: guest === null,
    async fn() {
      const { code, console: text } = await boot(harts, "cpuinfo", flags);
      assertEquals(code, 0);
      assertMatch(text, new RegExp(`BOOT-OK ${harts}\\b`));
      assertMatch(text, /isa\s*: rv64imafdc/);
      assertEquals(text.match(/^processor\s*:/gm)?.length, harts);
    },
  });
}

Deno.test({
  name: "a profile of Linux names the kernel's functions, with who called them",
  ignore: guest === null,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const [profile, map] = [`${folder}/profile`, `${folder}/map`];
      const { code, errors } = await boot(2, "cpuinfo", ["-profile", profile, "-jit-map", map]);
      assertEquals(code, 0);
      assert(!errors.includes("no symbol table"), errors);
      const stacks = await Deno.readTextFile(profile);
      assertMatch(stacks, /^hart 0;(.*;)?start_kernel;rest_init;.* \d+$/m);
      assertMatch(stacks, /^hart [01];ret_from_fork;.*kernel_init;/m);
      assertMatch(stacks, /^hart [01];user 0x/m);
      assertMatch(stacks, /^hart 1;idle \d+$/m);
      const lines = stacks.split("\n").filter((line) => line !== "");
      const nameless = lines.filter((line) => line.includes("[k] 0x"));
      assert(nameless.length < MOST_NAMELESS * lines.length, nameless.slice(0, 9).join("\n"));
      const regions = (await Deno.readTextFile(map)).split("\n").slice(1, -1);
      assert(regions.length > 100 && /^ *\d+ +[1-9]/.test(regions[0]), regions[0]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "Linux boots again from the code that its last boot left behind",
  ignore: guest === null,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const flags = ["-stats", "-accel", `tcg,code-cache=${folder}`];
      const boots = [await boot(2, "cpuinfo", flags), await boot(2, "cpuinfo", flags)];
      for (const { code, console: text } of boots) {
        assertEquals(code, 0);
        assertMatch(text, /BOOT-OK 2\b/);
      }
      const [first, second] = boots.map(({ errors }) => {
        const found = /from the code cache +(\d+) of (\d+)/.exec(errors);
        return Number(found?.[1]) / Number(found?.[2]);
      });
      assert(second > first && second > LEAST_FOUND, `${first} of the regions, then ${second}`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "A shell command in the guest gives its output and status",
  ignore: guest === null,
  async fn() {
    const command = "seq 1 2000 | md5sum; false";
    const { code, console: text } = await boot(2, runCommands(command));
    assertEquals(code, 0);
    assertMatch(text, /RUN-EXIT 1/);
    assertMatch(text, new RegExp(`${MD5_OF_2000_LINES} {2}-`));
  },
});
