/**
 * `deno task fuzz:qemu-fetch`: Debian trixie's static `qemu-riscv64`, version 10, in `.cache/qemu/`. It is the
 * oracle of the instruction fuzzer; nothing is installed, and tests need it no more once vectors are recorded.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { EXTENSIONS } from "../../frontend/riscv/rows.ts";
import { ForeignApt, machineArchive, megabytes, unpackPackage } from "./guest/debian_packages.ts";
import { GuestError } from "./guest/guest_error.ts";
import { TRIXIE } from "./guest/release.ts";

/** Debian's names of the hosts that Deno runs on. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: "amd64", aarch64: "arm64" };
const PACKAGE = "qemu-user";
const PROGRAM = "usr/bin/qemu-riscv64";
/** Extensions that are no property of QEMU's CPU, or one that its base model has by itself. */
const NO_PROPERTY: ReadonlySet<string> = new Set([
  "machine",
  "supervisor",
  "svinval",
]);

/** The program and the CPU that it emulates. */
export class QemuUser {
  readonly #path: string;
  readonly #cpu: string;

  constructor(path: string, cpu: string) {
    this.#path = path;
    this.#cpu = cpu;
  }

  /** Runs a program. */
  async run(program: string, args: readonly string[] = []): Promise<Deno.CommandOutput> {
    const command = new Deno.Command(this.#path, { args: ["-cpu", this.#cpu, program, ...args] });
    return await command.output();
  }

  /** Its first line about itself. */
  async version(): Promise<string> {
    const { stdout } = await new Deno.Command(this.#path, { args: ["--version"] }).output();
    return new TextDecoder().decode(stdout).split("\n")[0];
  }
}

/** Where the program is cached. */
export function qemuUserPath(): string {
  return fileURLToPath(new URL("../../.cache/qemu/qemu-riscv64", import.meta.url));
}

/** A CPU with the extensions of our tables and no others that matter. */
export function qemuCpu(): string {
  const named = [...EXTENSIONS].filter((name) => !NO_PROPERTY.has(name)).sort();
  return ["rv64", ...named.map((name) => `${name}=true`)].join(",");
}

/** The cached program, or null when it was not fetched. */
export async function cachedQemuUser(): Promise<QemuUser | null> {
  try {
    await Deno.stat(qemuUserPath());
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  return new QemuUser(qemuUserPath(), qemuCpu());
}

/** Fetches the program unless it is there already. */
export async function fetchQemuUser(say: (line: string) => void): Promise<QemuUser> {
  const cached = await cachedQemuUser();
  if (cached !== null) return cached;
  const folder = join(qemuUserPath(), "..");
  const scratch = join(folder, "fetch");
  await Deno.mkdir(scratch, { recursive: true });
  const apt = await ForeignApt.create(scratch, await machineArchive(), {
    ...TRIXIE,
    architecture: ARCHITECTURES[Deno.build.arch],
  });
  await apt.update();
  const record = await apt.candidate(PACKAGE);
  say(`fetching ${record.name} ${record.version}, ${megabytes(record.bytes)}`);
  const files = join(scratch, "files");
  await unpackPackage(await apt.download(record), files);
  await Deno.rename(join(files, PROGRAM), qemuUserPath());
  await Deno.remove(scratch, { recursive: true });
  return new QemuUser(qemuUserPath(), qemuCpu());
}

if (import.meta.main) {
  try {
    const qemu = await fetchQemuUser((line) => console.error(`qemu: ${line}`));
    console.log(`${qemuUserPath()}: ${await qemu.version()}`);
  } catch (error) {
    if (!(error instanceof GuestError)) throw error;
    console.error(`qemu: ${error.message}\n  fix: ${error.fix}`);
    Deno.exitCode = 1;
  }
}
