/**
 * `deno task debian`: a whole Debian in `.cache/debian/`, booted to a login with a network. Root has no password.
 *
 * The packages are fetched and laid out here by debootstrap, and configured in a machine of Weft's; that takes some
 * minutes, once. What the guest writes stays in its image.
 *
 * Flags: `--build` makes the image and boots nothing, `--refresh` makes it anew, `--size=4G` is the size of a new one,
 * `--image=FILE` takes another image (ext4 without partitions, with Debian's kernel), `--check` tries out a copy of the
 * image instead: boot, a package from the archive, a compiled program, shutdown, and what is left of them.
 */

import { parseArgs } from "@std/cli";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { checkImage } from "./debian/acceptance.ts";
import { type BootFiles, copyBootFiles } from "./debian/boot_files.ts";
import { firstStage } from "./debian/first_stage.ts";
import { machineFlags } from "./debian/machine_flags.ts";
import { secondStage } from "./debian/second_stage.ts";
import { ensureGuest, guestFolder } from "./guest.ts";
import { GuestError } from "./guest/guest_error.ts";
import { DISK_MODULES, ensureModules } from "./guest_modules.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const FOLDER = join(ROOT, ".cache/debian");
const DEFAULT_SIZE = "4G";
const FLAGS = {
  boolean: ["build", "refresh", "check"],
  string: ["size", "image"],
} as const;

function say(line: string): void {
  console.error(`debian: ${line}`);
}

async function isFile(path: string): Promise<boolean> {
  return await Deno.stat(path).then(({ isFile }) => isFile, () => false);
}

/** The image of this repository, which is made where it is not there. */
async function ensureImage(size: string, isRefreshed: boolean): Promise<string> {
  const image = join(FOLDER, "debian.img");
  if (!isRefreshed && await isFile(image)) return image;
  await Deno.mkdir(FOLDER, { recursive: true });
  const guest = await ensureGuest({ folder: guestFolder(), refresh: false, say });
  const modules = await Deno.readFile(await ensureModules(guestFolder(), say, DISK_MODULES));
  const scratch = await Deno.makeTempDir({ dir: FOLDER });
  try {
    const path = join(scratch, "debian.img");
    await firstStage({ path, size, scratch }, say);
    say("configuring the packages in a machine; this takes some minutes");
    const out = new TextEncoder();
    await secondStage(path, guest, modules, (text) => Deno.stderr.writeSync(out.encode(text)));
    await Deno.rename(path, image);
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
  return image;
}

async function boot(image: string, files: BootFiles): Promise<number> {
  const flags = machineFlags(image, files);
  say(`deno run -A mod.ts ${flags.map(quoted).join(" ")}`);
  const args = ["run", "-A", "mod.ts", ...flags];
  const child = new Deno.Command(Deno.execPath(), { args, cwd: ROOT }).spawn();
  return (await child.status).code;
}

function quoted(word: string): string {
  return /^[\w./:=,@+-]+$/.test(word) ? word : `'${word}'`;
}

async function main(args: readonly string[]): Promise<number> {
  const unknown: string[] = [];
  const flags = parseArgs([...args], {
    ...FLAGS,
    unknown: (arg: string) => {
      unknown.push(arg);
      return false;
    },
  });
  if (unknown.length > 0) {
    throw new GuestError(
      `${unknown.join(" ")} is not understood`,
      "the flags are --build, --refresh, --check, --size=SIZE, --image=FILE",
    );
  }
  const image = flags.image ?? await ensureImage(flags.size ?? DEFAULT_SIZE, flags.refresh);
  if (!await isFile(image)) throw new GuestError(`there is no file ${image}`, "name an image");
  const files = await copyBootFiles(image, await Deno.makeTempDir({ prefix: "weft-debian-" }));
  try {
    if (flags.check) return await checkImage(image, files, say);
    if (flags.build) return 0;
    return await boot(image, files);
  } finally {
    await Deno.remove(join(files.kernel, ".."), { recursive: true });
  }
}

if (import.meta.main) {
  try {
    Deno.exitCode = await main(Deno.args);
  } catch (error) {
    if (!(error instanceof GuestError)) throw error;
    say(`${error.message}\n  fix: ${error.fix}`);
    Deno.exitCode = 1;
  }
}
