/** The guest task's cache, and what it says where it cannot work. Nothing here uses the network. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureGuest, guestFiles } from "./guest.ts";
import { runCommands } from "./guest/init_script.ts";

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("fetched files are used again, and an archive that is there is not built again", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "Image"), "kernel");
    await Deno.writeTextFile(join(folder, "busybox"), "program");
    for (const path of Object.values(guestFiles(folder).firmware)) {
      await Deno.mkdir(dirname(path), { recursive: true });
      await Deno.writeTextFile(path, "firmware");
    }
    const manifest = {
      ...{ kernel: "k 1", busybox: "b 1", opensbi: "o 1", uboot: "u 1" },
      init: "of an older script",
    };
    await Deno.writeTextFile(join(folder, "guest.json"), JSON.stringify(manifest));
    const said: string[] = [];
    const options = { folder, refresh: false, say: (line: string) => void said.push(line) };
    const files = await ensureGuest(options);
    assertEquals(said, ["building the initial RAM file system"]);
    const built = await Deno.readFile(files.initrd);
    assertEquals([...built.subarray(0, 2)], [0x1f, 0x8b]);
    await ensureGuest(options);
    assertEquals(said.length, 1);
  });
});

Deno.test("without apt the task says which files to pass", async () => {
  await inFolder(async (folder) => {
    const tool = fileURLToPath(new URL("./guest.ts", import.meta.url));
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-all", "--no-check", tool, `--folder=${folder}`],
      env: { PATH: folder },
    }).output();
    assertEquals(code, 1);
    const text = new TextDecoder().decode(stderr);
    assertStringIncludes(text, "  fix: ");
    assertStringIncludes(text, "-kernel FILE   a riscv64 Linux Image");
    assertStringIncludes(text, "-initrd FILE   a cpio archive");
  });
});

Deno.test("shell commands travel through the kernel command line as one word", () => {
  assertEquals(runCommands("echo é; exit 7"), "sh:ZWNobyDDqTsgZXhpdCA3");
});
