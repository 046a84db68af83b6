/**
 * `deno task bench:qemu-fetch`: Debian trixie's `qemu-system-riscv64`, version 10, in `.cache/qemu-system/`. It is
 * a second opponent of the benchmarks where the machine's own is older; nothing is installed. Its libraries,
 * the C library among them, are fetched too, and the program is started by their dynamic loader.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ForeignApt, machineArchive, unpackPackage } from "./guest/debian_packages.ts";
import { GuestError } from "./guest/guest_error.ts";
import { TRIXIE } from "./guest/release.ts";

const PACKAGE = "qemu-system-riscv";

/** Names of the host's architecture in Debian. */
interface HostNames {
  readonly architecture: string;
  readonly libraries: string;
  readonly loader: string;
}

const HOSTS: Readonly<Record<typeof Deno.build.arch, HostNames>> = {
  x86_64: {
    architecture: "amd64",
    libraries: "usr/lib/x86_64-linux-gnu",
    loader: "ld-linux-x86-64.so.2",
  },
  aarch64: {
    architecture: "arm64",
    libraries: "usr/lib/aarch64-linux-gnu",
    loader: "ld-linux-aarch64.so.1",
  },
};

/** How a program is started. */
export interface ProgramStart {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

function cacheFolder(): string {
  return fileURLToPath(new URL("../../.cache/qemu-system/", import.meta.url));
}

/** How the cached program is started; flags of a machine go behind. */
export function qemuSystemStart(): ProgramStart {
  const folder = cacheFolder();
  const { libraries, loader } = HOSTS[Deno.build.arch];
  return {
    command: join(folder, libraries, loader),
    args: [
      ...["--library-path", join(folder, libraries)],
      join(folder, "usr/bin/qemu-system-riscv64"),
      ...["-L", join(folder, "usr/share/qemu"), "-audio", "none"],
    ],
    env: { QEMU_MODULE_DIR: join(folder, libraries, "qemu") },
  };
}

/** True when the program was fetched. */
export async function isQemuSystemCached(): Promise<boolean> {
  try {
    await Deno.stat(qemuSystemStart().command);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Fetches the program unless it is there already. */
export async function fetchQemuSystem(say: (line: string) => void): Promise<void> {
  if (await isQemuSystemCached()) return;
  const scratch = await Deno.makeTempDir({ prefix: "qemu-system-" });
  const unpacked = join(cacheFolder(), "..", "qemu-system.new");
  try {
    const apt = await ForeignApt.create(scratch, await machineArchive(), {
      ...TRIXIE,
      architecture: HOSTS[Deno.build.arch].architecture,
    });
    await apt.update();
    const packages = await apt.downloadWithDependencies(PACKAGE);
    say(`unpacking ${packages.length} packages`);
    for (const path of packages) await unpackPackage(path, unpacked);
    await Deno.rename(unpacked, cacheFolder());
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

if (import.meta.main) {
  try {
    await fetchQemuSystem((line) => console.error(`qemu: ${line}`));
    const { command, args, env } = qemuSystemStart();
    await new Deno.Command(command, { args: [...args, "--version"], env }).spawn().status;
  } catch (error) {
    if (!(error instanceof GuestError)) throw error;
    console.error(`qemu: ${error.message}\n  fix: ${error.fix}`);
    Deno.exitCode = 1;
  }
}
