// The emulators that are compared, as command lines.

import { fileURLToPath } from "node:url";
import type { ProgramStart } from "../tests/tools/guest/fetched_program.ts";
import { qemuSystemStart } from "../tests/tools/qemu_system.ts";
import type { TimedCommand } from "./child_time.ts";

/** How a Linux guest is booted. */
export interface BootFiles {
  readonly kernel: string;
  readonly initrd: string;
  readonly append: string;
  readonly memory: string;
  /** Folder of a code cache; QEMU has none. */
  readonly codeCache?: string;
  /** Image of the one disk. */
  readonly disk?: string;
  /** Has the disk a thread of its own, which it is given on the command line? */
  readonly hasIoThread?: boolean;
  /** Is there a network in which the guest reaches the host's loopback? */
  readonly hasNetwork?: boolean;
  /** Does the subject print its statistics at the end? */
  readonly printsStatistics?: boolean;
}

/** One emulator under measurement. */
export interface Engine {
  readonly name: string;
  /** One line that names the version. */
  version(): Promise<string>;
  /** Runs a bare-metal ELF file on one hart. */
  bareMetal(elf: string): Omit<TimedCommand, "timeoutSeconds">;
  /** Boots Linux with the emulator's own firmware. */
  boot(files: BootFiles, harts: number): Omit<TimedCommand, "timeoutSeconds">;
}

/** Names accepted by {@linkcode engineByName}. */
export const ENGINE_NAMES = ["weft", "weft-bql", "qemu", "qemu-10"] as const;

/** Name of an emulator. */
export type EngineName = (typeof ENGINE_NAMES)[number];

const MAIN = fileURLToPath(new URL("../mod.ts", import.meta.url));
const QEMU: ProgramStart = { command: "qemu-system-riscv64", args: [], env: {} };

function bareMetalArgs(elf: string): string[] {
  return ["-M", "virt", "-bios", "none", "-nographic", "-kernel", elf];
}

function bootArgs(files: BootFiles, harts: number): string[] {
  return [
    ...["-M", "virt", "-nographic", "-no-reboot"],
    ...["-smp", String(harts), "-m", files.memory],
    ...["-kernel", files.kernel, "-initrd", files.initrd, "-append", files.append],
    ...files.disk === undefined ? [] : diskArgs(files.disk, files.hasIoThread ?? false),
    ...files.hasNetwork ? ["-device", "virtio-net-device,netdev=net"] : [],
  ];
}

/** virtio over MMIO is as the standard has it from version 1 on; the PCI bus has it so by itself. */
const MODERN_VIRTIO = ["-global", "virtio-mmio.force-legacy=false"];

/** On the PCI bus, because QEMU 7 has no I/O threads for disks over MMIO. */
function diskArgs(path: string, hasIoThread: boolean): string[] {
  const thread = hasIoThread ? ",iothread=thread" : "";
  return [
    ...hasIoThread ? ["-object", "iothread,id=thread"] : [],
    ...["-drive", `file=${path},if=none,id=disk,format=raw`],
    ...["-device", `virtio-blk-pci,drive=disk${thread}`],
  ];
}

/** A user-mode network; here, what is only the host's has to be allowed. */
function networkArgs({ hasNetwork = false }: BootFiles, properties: string): string[] {
  return hasNetwork ? ["-netdev", `user,id=net${properties}`] : [];
}

function ownArgs(files: BootFiles, accel: readonly string[]): string[] {
  const { codeCache, printsStatistics = false } = files;
  const properties = [...accel, ...codeCache === undefined ? [] : [`code-cache=${codeCache}`]];
  return [
    ...properties.length === 0 ? [] : ["-accel", ["tcg", ...properties].join(",")],
    ...printsStatistics ? ["--stats"] : [],
    ...networkArgs(files, ",allow=loopback"),
  ];
}

async function firstLine({ command, args, env }: ProgramStart): Promise<string> {
  const { stdout } = await new Deno.Command(command, { args: [...args, "--version"], env })
    .output();
  return new TextDecoder().decode(stdout).split("\n")[0] ?? "";
}

/** This emulator, with properties of its accelerator for boots. */
function ownEngine(name: EngineName, accel: readonly string[]): Engine {
  return {
    name,
    version: () => Promise.resolve(`Deno ${Deno.version.deno}, V8 ${Deno.version.v8}`),
    bareMetal: (elf) => ({
      command: Deno.execPath(),
      args: ["run", "-A", MAIN, "--stats", ...bareMetalArgs(elf)],
    }),
    boot: (files, harts) => ({
      command: Deno.execPath(),
      args: ["run", "-A", MAIN, ...bootArgs(files, harts), ...ownArgs(files, accel)],
    }),
  };
}

/** QEMU, the machine's own or a fetched one. */
function qemuEngine(name: EngineName, { command, args, env }: ProgramStart): Engine {
  return {
    name,
    version: () => firstLine({ command, args, env }),
    bareMetal: (elf) => ({ command, env, args: [...args, "-accel", "tcg", ...bareMetalArgs(elf)] }),
    boot: (files, harts) => ({
      command,
      env,
      args: [
        ...[...args, "-accel", "tcg,thread=multi", ...MODERN_VIRTIO],
        ...[...bootArgs(files, harts), ...networkArgs(files, "")],
      ],
    }),
  };
}

/** Looks up an emulator. */
export function engineByName(name: EngineName): Engine {
  switch (name) {
    case "weft":
      return ownEngine(name, []);
    case "weft-bql":
      return ownEngine(name, ["bql=on"]);
    case "qemu":
      return qemuEngine(name, QEMU);
    case "qemu-10":
      return qemuEngine(name, qemuSystemStart());
  }
}
