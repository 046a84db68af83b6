/**
 * The description of a machine: what the command line and the library both turn their input into.
 *
 * {@linkcode MachineOptions} is what a caller writes, with everything optional; {@linkcode describeMachine}
 * checks it and fills in defaults, so that every later stage sees a complete {@linkcode MachineDescription}.
 * Nothing here touches the host: files arrive as bytes with the name they were read from. Names of CPU
 * properties are the guest architecture's own and are checked where the guest is built.
 */

import {
  checkSnapshots,
  describeSnapshots,
  type SnapshotDescription,
  type SnapshotOptions,
} from "./snapshot_options.ts";
import { DEFAULT_CODE_BYTES } from "../translation/code_clock.ts";
import { type Encoder, ENCODERS } from "../translation/translation_settings.ts";
import { PASS_NAMES, type PassName } from "../../optimizer/pass_names.ts";
import { HOST_ORDERS } from "../../wasm_backend/host_order.ts";
import { MAX_HARTS, MAX_RAM_BYTES, PAGE_BYTES } from "../atomics/shared_layout.ts";
import { ConfigurationError } from "./configuration_error.ts";
import { usualThreads } from "./hart_threads.ts";
import { describeDevices, type SlotDeviceOptions, type SlotDevices } from "./device_options.ts";

export { ConfigurationError, type Encoder, ENCODERS, PASS_NAMES, type PassName };

/** Boards that can be built. */
export const MACHINE_NAMES = ["virt", "spike"] as const;
/** Name of a board. */
export type MachineName = typeof MACHINE_NAMES[number];

/**
 * Interrupt controllers of the `virt` board, QEMU's `-M virt,aia=`: a PLIC (`none`), an APLIC that interrupts harts
 * directly, or one that sends messages to an interrupt file of each hart, which PCI devices send theirs to as well.
 */
export const AIA_CHOICES = ["none", "aplic", "aplic-imsic"] as const;
/** One of {@linkcode AIA_CHOICES}. */
export type AiaChoice = typeof AIA_CHOICES[number];

/** What a board is called by its workers: its name, and its controllers where those are not the usual ones. */
export function boardName(machine: MachineName, aia: AiaChoice): string {
  return aia === "none" ? machine : `${machine},aia=${aia}`;
}

/** Least guest RAM in bytes. */
export const MIN_RAM_BYTES = 0x10_0000;
/** Guest RAM of a machine that does not say how much it wants: QEMU's own default. */
export const DEFAULT_RAM_BYTES = 0x800_0000;

/** Least memory for compiled code: that of some sixty regions of a boot. */
export const MIN_CODE_BYTES = 0x10_0000;

/** CPU models that can be named. */
export const CPU_MODELS = ["rv64", "max"] as const;
/** Name of a CPU model. */
export type CpuModel = typeof CPU_MODELS[number];

/** A CPU. */
export interface CpuChoice {
  /** `rv64`: what is usual; `max`: everything there is. */
  readonly model: CpuModel;
  /** Properties that differ from the model's own, by name. */
  readonly properties: Readonly<Record<string, boolean>>;
}

/** How vCPUs are spread over threads. */
export const THREAD_MODES = ["multi", "single"] as const;
/** `multi`: harts run side by side. `single`: all harts take turns on one thread. */
export type ThreadMode = typeof THREAD_MODES[number];

/** Largest exponent of an instruction's time. */
export const MAX_ICOUNT_SHIFT = 10;
/** What a watchdog waits at most. */
export const LONGEST_WATCHDOG_SECONDS = 86_400;

/** Time that is counted in instructions, as `-icount`. */
export interface IcountOptions {
  /**
   * An instruction takes 2^shift nanoseconds, 0 to {@linkcode MAX_ICOUNT_SHIFT}; `auto`: what keeps up with real time,
   * so that runs differ.
   */
  readonly shift: number | "auto";
  /** Does time pass as slowly as real time while all harts wait? Else it goes on at once. Default: true. */
  readonly sleep?: boolean;
  /**
   * `record`: everything that comes from outside is noted in a log. `replay`: a log says what comes, at the very
   * instructions, and nothing else does. Needs {@linkcode IcountOptions.rrfile}.
   */
  readonly rr?: "record" | "replay";
  /** Path of the log (needs `--allow-write` to record, `--allow-read` to replay). */
  readonly rrfile?: string;
}

/** Columns of the memory order table that can be asked for; `auto`: that of the processor. */
export const HOST_ORDER_CHOICES = ["auto", ...HOST_ORDERS] as const;
/** One of {@linkcode HOST_ORDER_CHOICES}. */
export type HostOrderChoice = typeof HOST_ORDER_CHOICES[number];

/** What tests vary in the translation of guest code. */
export interface TranslationExperiment {
  /** Compile hot code. Default: true. */
  readonly regions?: boolean;
  /** Most guest instructions of one region. Default: {@linkcode REGION_INSTRUCTIONS}. */
  readonly regionInstructions?: number;
  /** Keep compiled code in the host's baseline compiler by compiling it anew all the time. Default: false. */
  readonly renewModules?: boolean;
  /** Leave out the barriers that keep a store before a later load, to show that tests notice. Default: false. */
  readonly dropBarriers?: boolean;
}

/** How load-reserved and store-conditional are made where comparing values is not enough. */
export const LLSC_SCHEMES = ["monitor", "cas", "exclusive"] as const;
/**
 * `monitor`: stores to the reserved line are seen. `cas`: the value is compared, so one that went and came back
 * goes unseen (what QEMU does). `exclusive`: the other harts stop meanwhile.
 */
export type LlscScheme = typeof LLSC_SCHEMES[number];

/** What can be written to the debug log, with QEMU's names; what it calls `out_asm` is WebAssembly here. */
export const DEBUG_CATEGORIES = {
  in_asm: "guest instructions of every region that is compiled",
  op: "intermediate code as lifted",
  op_opt: "intermediate code after the optimizer",
  out_wasm: "WebAssembly text of every region",
  out_asm: "the same",
  request: "what is to be compiled, with its guest code, as a line of JSON for each region",
} as const;
/** Name of a debug log category. */
export type DebugCategory = keyof typeof DEBUG_CATEGORIES;

/** A file that was read already: its content, and the name for messages. */
export interface LoadedFile {
  /** Name for error messages: usually the path. */
  readonly name: string;
  /** Content. */
  readonly bytes: Uint8Array;
}

/** Firmware: the built-in one, none, or an image that starts in machine mode. */
export type Bios = "default" | "none" | LoadedFile;

/** A file that is put into memory besides kernel and firmware. */
export interface FileLoad {
  /** The file. */
  readonly file: LoadedFile;
  /** Where it goes, unless it is an ELF file that says so itself. */
  readonly address: number;
  /** Put an ELF file there as plain bytes. Default: false. */
  readonly raw?: boolean;
  /** Hart that starts at its address (or entry point) in machine mode, if any. */
  readonly hart?: number;
}

/** A file that names functions of guest programs: ELF, `System.map` or a copy of `/proc/kallsyms`. */
export interface SymbolFile {
  /** The file. */
  readonly file: LoadedFile;
  /** What is added to its addresses: where a position-independent program was loaded. Default: 0. */
  readonly address?: number;
}

/** A value that is put into memory. */
export interface ValueLoad {
  /** Where it goes. */
  readonly address: number;
  /** Its bytes. */
  readonly bytes: Uint8Array;
}

/** A hart that starts in machine mode at an address of its own. */
export interface StartLoad {
  /** Where it starts. */
  readonly address: number;
  /** The hart. */
  readonly hart: number;
}

/** One `-device loader`. */
export type MemoryLoad = FileLoad | ValueLoad | StartLoad;

/** How guest code is run. */
export interface AccelOptions {
  /** How harts are spread over threads. Default: `multi`, with `icount` `single`. */
  readonly thread?: ThreadMode;
  /**
   * Most threads that harts run on with `multi`, 1 to {@linkcode MAX_HARTS}; harts beyond them share threads and take
   * turns there. Default: two for each of the host's processors.
   */
  readonly threads?: number;
  /** As `-icount`: time is counted in instructions. Default: null, time is the host's. */
  readonly icount?: IcountOptions | null;
  /** Re-run every compiled region in the cold tier and report the first difference. Default: false. */
  readonly check?: boolean;
  /** Column of the memory order table. Default: `auto`. */
  readonly hostOrder?: HostOrderChoice;
  /** Emit guest loads that the host may merge and swap, to show that tests notice. Default: false. */
  readonly unsafePlainLoads?: boolean;
  /** Passes of the optimizer that run, in any order; fewer of them, to find a wrong one. Default: all. */
  readonly passes?: readonly PassName[];
  /** What encodes compiled code as Wasm, to find out whether it does so wrongly. Default: `direct`. */
  readonly encoder?: Encoder;
  /** Most memory for compiled code, in bytes; a quarter more for a moment. Default: 256 MiB. */
  readonly codeBytes?: number;
  /** For tests of the translation itself. */
  readonly experiment?: TranslationExperiment;
  /** One lock around all devices, as QEMU has it, to measure what it costs. Default: false. */
  readonly bql?: boolean;
  /** How reservations are made. Default: `monitor`. */
  readonly llsc?: LlscScheme;
  /**
   * Folder of the code cache: compiled code that machines leave to later ones (needs `--allow-read` and
   * `--allow-write` for it). Default: null, none.
   */
  readonly codeCache?: string | null;
}

/** The debug log. */
export interface DebugOptions {
  /** What is logged. Default: nothing. */
  readonly categories?: readonly DebugCategory[];
  /** Path of the log. Default: standard error. */
  readonly file?: string;
}

/** A machine as a caller asks for it. */
export interface MachineOptions extends SlotDeviceOptions {
  /** The board. Default: `virt`. */
  readonly machine?: MachineName;
  /** Its interrupt controllers. Default: `none`, a PLIC. */
  readonly aia?: AiaChoice;
  /** Number of harts, 1 to {@linkcode MAX_HARTS}. Default: 1. */
  readonly harts?: number;
  /** Guest RAM in bytes, whole pages. Default: {@linkcode DEFAULT_RAM_BYTES}. */
  readonly memoryBytes?: number;
  /** Kernel: a Linux `Image` (plain, gzip or zstd), an ELF file or a flat binary. */
  readonly kernel?: LoadedFile;
  /** Initial RAM disk for the kernel. */
  readonly initrd?: LoadedFile;
  /** Firmware. Default: `default`. */
  readonly bios?: Bios;
  /** Device tree blob to use in place of the generated one. */
  readonly dtb?: LoadedFile;
  /** What else is in memory when the machine starts. Default: nothing. */
  readonly loads?: readonly MemoryLoad[];
  /** Kernel command line. Default: empty. */
  readonly append?: string;
  /** CPU model. Default: `rv64`. */
  readonly cpuModel?: CpuModel;
  /** CPU properties that differ from the model's own, by name. */
  readonly cpu?: Readonly<Record<string, boolean>>;
  /** How guest code is run. */
  readonly accel?: AccelOptions;
  /** End the machine where the guest asks for a restart. Default: false. */
  readonly noReboot?: boolean;
  /** The debug log. */
  readonly debug?: DebugOptions;
  /** Collect what costs time to collect for statistics. Default: false. */
  readonly statistics?: boolean;
  /** Sample what the harts execute. Default: false. */
  readonly profile?: boolean;
  /** Keep a list of what is compiled. Default: false. */
  readonly jitMap?: boolean;
  /** Keep what the harts did lately. Default: false. */
  readonly trace?: boolean;
  /** Seconds without progress that end the machine. Default: 0, none. */
  readonly watchdogSeconds?: number;
  /** Names of functions for profile and list, besides those of kernel and firmware. Default: none. */
  readonly symbols?: readonly SymbolFile[];
  /** Snapshots of a machine with counted time. Default: false, none. */
  readonly snapshots?: boolean | SnapshotOptions;
}

/** A checked machine description with every default filled in. */
export interface MachineDescription extends SlotDevices {
  /** The board. */
  readonly machine: MachineName;
  /** Its interrupt controllers. */
  readonly aia: AiaChoice;
  /** Number of harts. */
  readonly harts: number;
  /** Guest RAM in bytes, whole pages. */
  readonly memoryBytes: number;
  /** Kernel, if any. */
  readonly kernel: LoadedFile | undefined;
  /** Initial RAM disk, if any; there is a kernel then. */
  readonly initrd: LoadedFile | undefined;
  /** Firmware. */
  readonly bios: Bios;
  /** Device tree blob in place of the generated one, if any. */
  readonly dtb: LoadedFile | undefined;
  /** What else is in memory when the machine starts. */
  readonly loads: readonly MemoryLoad[];
  /** Kernel command line. */
  readonly append: string;
  /** The CPU of all harts. */
  readonly cpu: CpuChoice;
  /** How guest code is run. */
  readonly accel: Required<AccelOptions>;
  /** End the machine where the guest asks for a restart. */
  readonly noReboot: boolean;
  /** What is logged, and where (undefined: standard error). */
  readonly debug: {
    readonly categories: readonly DebugCategory[];
    readonly file: string | undefined;
  };
  /** Collect what costs time to collect for statistics. */
  readonly statistics: boolean;
  /** Sample what the harts execute. */
  readonly profile: boolean;
  /** Keep a list of what is compiled. */
  readonly jitMap: boolean;
  /** Keep what the harts did lately. */
  readonly trace: boolean;
  /** Seconds without progress that end the machine; 0: none do. */
  readonly watchdogSeconds: number;
  /** Names of functions for profile and list. */
  readonly symbols: readonly SymbolFile[];
  /** Snapshots; null: none are kept. */
  readonly snapshots: SnapshotDescription | null;
}

/** Checks a description and fills in its defaults. Throws {@linkcode ConfigurationError}. */
export function describeMachine(options: MachineOptions): MachineDescription {
  const thread = options.accel?.thread ?? (options.accel?.icount ? "single" : "multi");
  const description: MachineDescription = {
    machine: options.machine ?? "virt",
    aia: options.aia ?? "none",
    harts: options.harts ?? 1,
    memoryBytes: options.memoryBytes ?? DEFAULT_RAM_BYTES,
    kernel: options.kernel,
    initrd: options.initrd,
    bios: options.bios ?? "default",
    dtb: options.dtb,
    loads: options.loads ?? [],
    append: options.append ?? "",
    ...describeDevices(options, options.harts ?? 1, options.aia === "aplic-imsic"),
    cpu: { model: options.cpuModel ?? "rv64", properties: options.cpu ?? {} },
    accel: {
      thread,
      threads: options.accel?.threads ?? (thread === "single" ? 1 : usualThreads()),
      icount: options.accel?.icount ? { sleep: true, ...options.accel.icount } : null,
      check: options.accel?.check ?? false,
      hostOrder: options.accel?.hostOrder ?? "auto",
      unsafePlainLoads: options.accel?.unsafePlainLoads ?? false,
      encoder: options.accel?.encoder ?? "direct",
      codeBytes: options.accel?.codeBytes ?? DEFAULT_CODE_BYTES,
      experiment: options.accel?.experiment ?? {},
      bql: options.accel?.bql ?? false,
      llsc: options.accel?.llsc ?? "monitor",
      codeCache: options.accel?.codeCache ?? null,
      passes: PASS_NAMES.filter((pass) => options.accel?.passes?.includes(pass) ?? true),
    },
    noReboot: options.noReboot ?? false,
    debug: { categories: options.debug?.categories ?? [], file: options.debug?.file },
    statistics: options.statistics ?? false,
    profile: options.profile ?? false,
    jitMap: options.jitMap ?? false,
    trace: options.trace ?? false,
    watchdogSeconds: options.watchdogSeconds ?? 0,
    symbols: options.symbols ?? [],
    snapshots: describeSnapshots(options.snapshots),
  };
  checkNames(description);
  for (const pass of options.accel?.passes ?? []) checkName("optimization", pass, PASS_NAMES);
  checkHarts(description.harts);
  checkThreads(description.accel);
  checkMemory(description.memoryBytes);
  checkFiles(description);
  checkCodeCache(description);
  checkIcount(description);
  checkSnapshots(description.snapshots, description.accel.icount);
  checkCodeBytes(description);
  checkWatchdog(description);
  checkSymbols(description);
  checkSlotDevices(description);
  return description;
}

function checkWatchdog({ watchdogSeconds: seconds }: MachineDescription): void {
  if (seconds >= 0 && seconds <= LONGEST_WATCHDOG_SECONDS) return;
  throw new ConfigurationError({
    what: `a watchdog of ${seconds} seconds`,
    cause: `it waits for up to ${LONGEST_WATCHDOG_SECONDS} seconds`,
    fix: "use 60",
  });
}

function checkSymbols({ symbols, profile, jitMap }: MachineDescription): void {
  if (symbols.length === 0 || profile || jitMap) return;
  throw new ConfigurationError({
    what: `symbols of "${symbols[0].file.name}"`,
    cause: "nothing is asked for that shows names",
    fix: "add -profile FILE or -jit-map FILE, or leave the symbols out",
  });
}

function checkSlotDevices(description: MachineDescription): void {
  const { drives, networks, entropy, shares, consoles, machine, accel: { icount } } = description;
  const devices = [...drives, ...networks, ...entropy, ...shares, ...consoles];
  if (devices.length === 0) return;
  const [{ name }] = devices;
  if (machine !== "virt") {
    const cause = `board ${machine} has no slots for virtio devices`;
    throw new ConfigurationError({ what: name, cause, fix: "use -M virt" });
  }
  if (icount !== null) {
    const cause = drives.length > 0
      ? "a disk answers when the host does, so a run whose time is counted would not repeat"
      : "what comes from outside differs each time, so a run whose time is counted would not repeat";
    throw new ConfigurationError({
      what: `${name} with -icount`,
      cause,
      fix: drives.length > 0
        ? "leave one of them out, or put the files into -initrd"
        : "leave one of them out",
    });
  }
}

function checkThreads({ thread, threads }: Required<AccelOptions>): void {
  const isCount = Number.isInteger(threads) && threads >= 1 && threads <= MAX_HARTS;
  if (isCount && (thread === "multi" || threads === 1)) return;
  throw new ConfigurationError({
    what: `${threads} threads for harts`,
    cause: isCount
      ? "with thread=single all harts are on one"
      : `harts run on 1 to ${MAX_HARTS} threads`,
    fix: isCount ? "use thread=multi, or leave threads out" : "use threads=4, or leave it out",
  });
}

function checkCodeBytes({ accel: { codeBytes } }: MachineDescription): void {
  if (codeBytes >= MIN_CODE_BYTES) return;
  throw new ConfigurationError({
    what: `${codeBytes} bytes for compiled code`,
    cause: `it needs at least ${sizeText(MIN_CODE_BYTES)}`,
    fix: "use more, or leave it out",
  });
}

function checkCodeCache({ accel: { codeCache } }: MachineDescription): void {
  if (codeCache !== "") return;
  throw new ConfigurationError({
    what: 'a code cache in ""',
    cause: "its folder has no name",
    fix: "name a folder, or leave codeCache out",
  });
}

function checkRecording({ rr, rrfile, shift }: IcountOptions): void {
  const refuse = (what: string, cause: string, fix: string): ConfigurationError =>
    new ConfigurationError({ what: `-icount with ${what}`, cause, fix });
  if (rr === undefined) {
    if (rrfile === undefined) return;
    throw refuse(
      `rrfile=${rrfile}`,
      "nothing is recorded or replayed",
      "add rr=record or rr=replay",
    );
  }
  if (rr !== "record" && rr !== "replay") {
    throw refuse(`rr=${rr}`, "a run is recorded or replayed", "use rr=record or rr=replay");
  }
  if (rrfile === undefined || rrfile === "") {
    throw refuse(`rr=${rr}`, "the log has no name", "add rrfile=FILE");
  }
  if (shift === "auto") {
    const cause = "a speed that follows the host's cannot be repeated";
    throw refuse(`shift=auto,rr=${rr}`, cause, "give shift= a number");
  }
}

function checkIcount({ accel: { icount, thread, check } }: MachineDescription): void {
  if (icount === null) return;
  const { shift, sleep } = icount;
  const refuse = (what: string, cause: string, fix: string): ConfigurationError =>
    new ConfigurationError({ what: `-icount with ${what}`, cause, fix });
  if (shift !== "auto" && !(Number.isInteger(shift) && shift >= 0 && shift <= MAX_ICOUNT_SHIFT)) {
    const cause =
      `an instruction takes 2^shift nanoseconds, shift is 0 to ${MAX_ICOUNT_SHIFT} or auto`;
    throw refuse(`shift=${shift}`, cause, "use shift=0");
  }
  if (shift === "auto" && sleep === false) {
    const cause = "a speed that follows real time needs real time to pass";
    throw refuse("shift=auto,sleep=off", cause, "give shift= a number, or leave sleep=off out");
  }
  checkRecording(icount);
  if (thread !== "single") {
    const cause = "instructions of harts on several threads have no order";
    throw refuse(`-accel tcg,thread=${thread}`, cause, "use thread=single, or leave it out");
  }
  if (check) {
    const cause = "a region that is checked does not stop at a count";
    throw refuse("-accel tcg,check=on", cause, "leave one of them out");
  }
}

/** A caller from JavaScript may pass any string: the types alone do not hold. */
function checkNames(description: MachineDescription): void {
  checkName("machine", description.machine, MACHINE_NAMES);
  checkName("choice of interrupt controllers", description.aia, AIA_CHOICES);
  checkControllers(description);
  checkName("CPU model", description.cpu.model, CPU_MODELS);
  checkName("thread mode", description.accel.thread, THREAD_MODES);
  checkName("host order", description.accel.hostOrder, HOST_ORDER_CHOICES);
  checkName("encoder", description.accel.encoder, ENCODERS);
  checkName("LR/SC scheme", description.accel.llsc, LLSC_SCHEMES);
  for (const category of description.debug.categories) {
    checkName("debug category", category, Object.keys(DEBUG_CATEGORIES));
  }
}

function checkControllers({ machine, aia }: MachineDescription): void {
  if (machine === "virt" || aia === "none") return;
  throw new ConfigurationError({
    what: `-M ${machine},aia=${aia}`,
    cause: `board ${machine} has no interrupt controllers`,
    fix: "use -M virt, or leave aia= out",
  });
}

function checkName(kind: string, name: string, known: readonly string[]): void {
  if (known.includes(name)) return;
  throw new ConfigurationError({
    what: `${kind} "${name}"`,
    cause: `there is no ${kind} of this name`,
    fix: `use one of: ${known.join(", ")}`,
  });
}

function checkHarts(harts: number): void {
  if (Number.isInteger(harts) && harts >= 1 && harts <= MAX_HARTS) return;
  throw new ConfigurationError({
    what: `${harts} harts`,
    cause: `a machine has 1 to ${MAX_HARTS} harts`,
    fix: `use -smp ${harts > MAX_HARTS ? MAX_HARTS : 1}`,
  });
}

function checkMemory(bytes: number): void {
  const what = `${sizeText(bytes)} of memory`;
  if (!(bytes >= MIN_RAM_BYTES)) {
    throw new ConfigurationError({
      what,
      cause: `a machine has at least ${sizeText(MIN_RAM_BYTES)}`,
      fix: "use a larger -m (a number alone counts MiB)",
    });
  }
  if (bytes > MAX_RAM_BYTES) {
    throw new ConfigurationError({
      what,
      cause: `guest RAM and the machine's control area share 4 GiB, RAM can be ${
        sizeText(MAX_RAM_BYTES)
      } at most`,
      fix: `use -m ${MAX_RAM_BYTES / MIB}M or less`,
    });
  }
  if (bytes % PAGE_BYTES !== 0) {
    throw new ConfigurationError({
      what,
      cause: `RAM comes in pages of ${PAGE_BYTES} bytes`,
      fix: `use -m ${Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES / KIB}K`,
    });
  }
}

function checkFiles({ kernel, initrd, append }: MachineDescription): void {
  if (kernel === undefined && initrd !== undefined) {
    throw new ConfigurationError({
      what: `initrd "${initrd.name}" without a kernel`,
      cause: "only a kernel reads an initial RAM disk",
      fix: "add -kernel FILE",
    });
  }
  if (kernel === undefined && append !== "") {
    throw new ConfigurationError({
      what: "a kernel command line without a kernel",
      cause: "only a kernel reads -append",
      fix: "add -kernel FILE",
    });
  }
}

/** Checks that there is something to run; a machine made only for its device tree needs nothing. */
export function requireProgram({ kernel, bios, loads }: MachineDescription): void {
  const isLoaded = bios === "none" && loads.length > 0;
  if (kernel === undefined && typeof bios === "string" && !isLoaded) {
    throw new ConfigurationError({
      what: "a machine with nothing to run",
      cause: "there is neither a kernel nor a firmware image",
      fix: "add -kernel FILE or -bios FILE (`deno task guest` fetches a Linux kernel)",
    });
  }
}

const KIB = 1024;
const MIB = KIB * KIB;
const SIZE_UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB"] as const;

/** A byte count in the largest unit that divides it. */
export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value !== 0 && value % KIB === 0 && unit < SIZE_UNITS.length - 1) {
    value /= KIB;
    unit++;
  }
  return `${value} ${SIZE_UNITS[unit]}`;
}
