/**
 * A machine as the library's caller describes it: in QEMU's terms, with files as bytes, paths or addresses.
 *
 * {@linkcode readSettings} turns it into the same description that the command line makes of its flags.
 */

import { ConfigurationError } from "./options.ts";
import type {
  AccelOptions,
  AiaChoice,
  CpuModel,
  DebugOptions,
  LoadedFile,
  MachineName,
  MachineOptions,
  SymbolFile,
} from "./options.ts";
import type { SnapshotOptions } from "./snapshot_options.ts";
import type { SlotDeviceOptions } from "./device_options.ts";
import { parseByteCount } from "./byte_count.ts";
import { readSource } from "./file_source.ts";

/**
 * A file that the machine gets: its bytes, a path (needs `--allow-read`), a `file:` URL (the same) or an `http:`
 * or `https:` URL (needs `--allow-net`). The bytes are copied into the machine: they may change afterwards.
 */
export type FileSource = Uint8Array | string | URL;

/** What a machine is made of. Everything has a default but that there must be something to run. */
export interface MachineSettings extends SlotDeviceOptions {
  /** The board, as `-M`: `virt` (QEMU's, for Linux) or `spike` (HTIF, for test programs). Default: `virt`. */
  readonly board?: MachineName;
  /** As `-M virt,aia=`: the interrupt controllers of that board. Default: `none`, a PLIC. */
  readonly aia?: AiaChoice;
  /** Number of harts, 1 to 64, as `-smp`. Default: 1. */
  readonly harts?: number;
  /**
   * Guest RAM, as `-m`: a number of bytes, or text with a unit such as `"512M"` or `"1.5G"`. Text without a unit
   * counts MiB. 1 MiB to 4064 MiB in whole pages of 4096 bytes. Default: 128 MiB.
   */
  readonly memory?: number | string;
  /** As `-kernel`: a Linux `Image` (plain or compressed), an ELF file or a flat binary. */
  readonly kernel?: FileSource;
  /** As `-initrd`: the initial RAM disk. */
  readonly initrd?: FileSource;
  /**
   * As `-bios`: `"default"` (SBI firmware built into the machine), `"none"` (the program starts in machine mode) or
   * an image; a path that is called like one of the two words starts with `./`. Default: `"default"`.
   */
  readonly firmware?: "default" | "none" | FileSource;
  /** As `-dtb`: a device tree blob in place of the generated one. */
  readonly deviceTree?: FileSource;
  /** As `-append`: the kernel's command line. Default: empty. */
  readonly append?: string;
  /** As the model of `-cpu`. Default: `rv64`. */
  readonly cpuModel?: CpuModel;
  /** As the properties of `-cpu`: extensions by name, on or off, such as `{ zbb: false }`. */
  readonly cpu?: Readonly<Record<string, boolean>>;
  /**
   * As `-device vmgenid,guid=`: a UUID by which the guest knows that it is another machine now, or `"auto"` for a new
   * one; on board `virt`. Default: null, none.
   */
  readonly generationId?: string | null;
  /** As `-accel tcg,...`: how guest code is run. */
  readonly accel?: AccelOptions;
  /** As `-no-reboot`: the machine ends where the guest asks for a restart. Default: false. */
  readonly noReboot?: boolean;
  /** As `-d` and `-D`: text about what is compiled, to standard error or a file (needs `--allow-write`). */
  readonly debug?: DebugOptions;
  /**
   * As `-stats`: measure what costs time to measure, for `Machine.stats`: how long locks are held. Everything else
   * is counted always. Default: false.
   */
  readonly statistics?: boolean;
  /** As `-profile`: sample what the harts execute, for `Machine.profile`. Default: false. */
  readonly profile?: boolean;
  /** As `-jit-map`: keep a list of what is compiled, for `Machine.jitMap`. Default: false. */
  readonly jitMap?: boolean;
  /** As `-trace`: keep what the harts did lately, for `Machine.trace`. Default: false. */
  readonly trace?: boolean;
  /**
   * As `-watchdog`: end the machine, as an internal error, when a hart makes no progress for so many seconds and does
   * not sleep. Default: 0, never.
   */
  readonly watchdogSeconds?: number;
  /**
   * As `-symbols`: names of functions, besides those that kernel and firmware bring with them. ELF files,
   * `System.map`, copies of `/proc/kallsyms`; `address` is added to a file's addresses.
   */
  readonly symbols?: readonly { readonly file: FileSource; readonly address?: number }[];
  /**
   * Keep snapshots, for `Machine.seek`: of a machine whose time is counted (`accel: { icount: { shift: 0 } }`) and that
   * records nothing. Nobody but the guest can change its registers and memory then. Default: false.
   */
  readonly snapshots?: boolean | SnapshotOptions;
  /** Ends the machine when it is aborted, and its creation. */
  readonly signal?: AbortSignal;
}

/**
 * Reads the files and gives the description's options. Throws {@linkcode ConfigurationError} for files that cannot
 * be read.
 */
export async function readSettings(settings: MachineSettings): Promise<MachineOptions> {
  const { board, memory, firmware, deviceTree, signal, kernel, initrd, symbols, ...same } =
    settings;
  const read = async (name: string, source: FileSource | undefined) =>
    source === undefined ? undefined : await readSource(name, source, signal);
  const [kernelFile, initrdFile, dtb, bios] = await Promise.all([
    read("kernel", kernel),
    read("initrd", initrd),
    read("deviceTree", deviceTree),
    isFirmwareName(firmware) ? firmware : read("firmware", firmware),
  ]);
  const symbolFiles = symbols && await Promise.all(symbols.map(async ({ file, ...place }) => ({
    ...place,
    file: await readSource("symbols", file, signal),
  })));
  return {
    ...same,
    ...defined<"symbols", readonly SymbolFile[]>("symbols", symbolFiles),
    ...defined("machine", board),
    ...defined("memoryBytes", memory === undefined ? undefined : byteCount(memory)),
    ...defined<"kernel", LoadedFile>("kernel", kernelFile),
    ...defined<"initrd", LoadedFile>("initrd", initrdFile),
    ...defined<"dtb", LoadedFile>("dtb", dtb),
    ...defined("bios", bios),
  };
}

function isFirmwareName(firmware: MachineSettings["firmware"]): firmware is "default" | "none" {
  return firmware === "default" || firmware === "none";
}

function byteCount(memory: number | string): number {
  if (typeof memory === "number") return memory;
  const bytes = parseByteCount(memory);
  if (bytes !== undefined) return bytes;
  throw new ConfigurationError({
    what: `memory: "${memory}"`,
    cause: "it is not a size of memory",
    fix: 'write a number of MiB, or a number with K, M or G: "512M"',
  });
}

/** A property that is left out, not set to undefined, when nothing was said. */
function defined<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): { [K in Key]?: Value } {
  const properties: { [K in Key]?: Value } = {};
  if (value !== undefined) properties[key] = value;
  return properties;
}
