import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { GuestError } from "../guest/guest_error.ts";
import { runProgram } from "../guest/host_program.ts";
import { copyBootFiles } from "./boot_files.ts";

const hasTools = await runProgram("mke2fs", ["-V"], "capture").then(() => true, () => false);

/** An ext4 image with these files and links in it. */
async function image(folder: string, links: Readonly<Record<string, string>>): Promise<string> {
  const root = join(folder, "root");
  await Deno.mkdir(join(root, "boot"), { recursive: true });
  for (const [link, target] of Object.entries(links)) {
    await Deno.writeTextFile(join(root, target), `content of ${target}`);
    await Deno.symlink(target, join(root, link));
  }
  const path = join(folder, "disk.img");
  await runProgram("mke2fs", ["-q", "-t", "ext4", "-d", root, path, "2M"], "capture");
  return path;
}

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  name: "the newest kernel and its initial RAM disk are those that Debian's links name",
  ignore: !hasTools,
  fn: () =>
    withFolder(async (folder) => {
      const links = { "vmlinuz": "boot/vmlinuz-7", "initrd.img": "boot/initrd.img-7" };
      const { kernel, initrd } = await copyBootFiles(await image(folder, links), folder);
      assertEquals(await Deno.readTextFile(kernel), "content of boot/vmlinuz-7");
      assertEquals(await Deno.readTextFile(initrd), "content of boot/initrd.img-7");
    }),
});

Deno.test({
  name: "an image without a kernel is named",
  ignore: !hasTools,
  fn: () =>
    withFolder(async (folder) => {
      const made = await image(folder, { "initrd.img": "boot/initrd.img-7" });
      await assertRejects(() => copyBootFiles(made, folder), GuestError, "has no link /vmlinuz");
    }),
});
