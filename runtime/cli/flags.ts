/**
 * The command line: one table row per flag, in QEMU's spelling.
 *
 * A row says how the flag is written, what it does and how its value is understood; parsing, the help text and
 * the suggestions for mistyped flags all come from the rows. Words of the command line are first matched with
 * the rows and rewritten to `--name=value`, so that a value may begin with a dash, and then parsed. Of a
 * repeated flag the last one counts, except that repeated `-machine` flags add up, as in QEMU.
 */

// @ts-types="./parse_args_types.d.ts"
import { parseArgs } from "@std/cli";
import type { PassName } from "../../optimizer/pass_names.ts";
import { MAX_HARTS, MAX_RAM_BYTES } from "../atomics/shared_layout.ts";
import {
  AIA_CHOICES,
  type AiaChoice,
  CPU_MODELS,
  type CpuModel,
  DEBUG_CATEGORIES,
  type DebugCategory,
  DEFAULT_RAM_BYTES,
  HOST_ORDER_CHOICES,
  type HostOrderChoice,
  type IcountOptions,
  LLSC_SCHEMES,
  type LlscScheme,
  MACHINE_NAMES,
  type MachineName,
  sizeText,
  THREAD_MODES,
  type ThreadMode,
} from "../machine/options.ts";
import { type Encoder, ENCODERS } from "../translation/translation_settings.ts";
import { absentFlag } from "./absent_flags.ts";
import { parseChardev } from "./chardev_flag.ts";
import { parsePortDevice } from "./console_flags.ts";
import { type DeviceFlags, parseObject, parseSlotDevice } from "./device_flags.ts";
import { parseDrive, parseGlobal } from "./drive_flags.ts";
import { parseIcount } from "./icount_flag.ts";
import { type LoadRequest, parseLoaderDevice } from "./loader_device.ts";
import { suggestion } from "./nearest_name.ts";
import {
  parseChoice,
  parsePropertyList,
  parseSwitch,
  rejectUnknownProperties,
} from "./property_list.ts";
import { parseNetdev, parseNic } from "./network_flags.ts";
import { parseFsdev, parseVirtfs } from "./share_flags.ts";
import { parsePassList } from "./pass_list.ts";
import { parseMebibytes, parseMemory, parseSeconds, parseSmp, parseThreads } from "./quantities.ts";
import { parseSerial, SERIAL_FORM } from "./serial_flag.ts";
import { parseSymbolFile, type SymbolRequest } from "./symbol_file.ts";
import { UsageError } from "./usage_error.ts";

/** What a command line asks for; files are still paths. */
export interface CommandLine extends DeviceFlags {
  /** Print the help text and end. */
  help?: boolean;
  /** Print the version and end. */
  version?: boolean;
  /** Print the names of the debug categories and end. */
  debugHelp?: boolean;
  /** Board. */
  machine?: MachineName;
  /** Its interrupt controllers. */
  aia?: AiaChoice;
  /** Write the device tree to this path and end. */
  dumpDeviceTree?: string;
  /** Number of harts. */
  harts?: number;
  /** Guest RAM in bytes. */
  memoryBytes?: number;
  /** Path of the kernel. */
  kernel?: string;
  /** Path of the initial RAM disk. */
  initrd?: string;
  /** Kernel command line. */
  append?: string;
  /** `default`, `none` or a path. */
  bios?: string;
  /** Path of a device tree blob. */
  dtb?: string;
  /** What else goes into memory. */
  loads?: LoadRequest[];
  /** End where the guest asks for a restart. */
  noReboot?: boolean;
  /** CPU model. */
  cpuModel?: CpuModel;
  /** CPU properties by name. */
  cpu?: Record<string, boolean>;
  /** Spread of harts over threads. */
  thread?: ThreadMode;
  /** Threads for harts at most. */
  threads?: number;
  /** Time that is counted in instructions. */
  icount?: IcountOptions;
  /** Check compiled code against the cold tier. */
  check?: boolean;
  /** Column of the memory order table. */
  hostOrder?: HostOrderChoice;
  encoder?: Encoder;
  /** Memory for compiled code in bytes. */
  codeBytes?: number;
  /** Emit loads that the host may merge and swap. */
  unsafePlainLoads?: boolean;
  /** One lock around all devices. */
  bql?: boolean;
  /** How reservations are made. */
  llsc?: LlscScheme;
  /** Folder of the code cache. */
  codeCache?: string;
  /** Passes of the optimizer that run. */
  passes?: readonly PassName[];
  /** What goes to the debug log. */
  debugCategories?: DebugCategory[];
  /** Path of the debug log. */
  debugFile?: string;
  /** Print statistics at the end. */
  statistics?: boolean;
  /** Path of the profile. */
  profile?: string;
  /** Path of the list of compiled code. */
  jitMap?: string;
  /** Path of the timeline of events. */
  trace?: string;
  /** Seconds without progress that end the machine. */
  watchdogSeconds?: number;
  /** Files that name functions. */
  symbols?: SymbolRequest[];
}

/** One flag. */
export interface FlagRow {
  /** Spellings without the dash, the main one first. */
  readonly names: readonly string[];
  /** Form of the value for the help text; no value when it is absent. */
  readonly value?: string;
  /** Do repeated flags add up? Else the last one counts. */
  readonly addsUp?: true;
  /** What the flag does. */
  readonly help: string;
  /** Understands the value and notes it. */
  readonly parse: (value: string, line: CommandLine) => void;
}

/** Every flag, in the order of the help text. */
export const FLAGS: readonly FlagRow[] = [
  {
    names: ["machine", "M"],
    value: "BOARD[,dumpdtb=FILE]",
    addsUp: true,
    help: `board: ${MACHINE_NAMES.join(" or ")}; aia=aplic or aia=aplic-imsic gives virt other ` +
      "interrupt controllers; dumpdtb= writes its device tree and ends",
    parse: parseMachine,
  },
  {
    names: ["smp"],
    value: "N[,cores=N,...]",
    help: `number of harts, 1 to ${MAX_HARTS} (default 1)`,
    parse: (value, line) => line.harts = parseSmp(value),
  },
  {
    names: ["m"],
    value: "SIZE[KMGT]",
    help: `guest RAM; a number alone counts MiB (default ${sizeText(DEFAULT_RAM_BYTES)}, at most ${
      sizeText(MAX_RAM_BYTES)
    })`,
    parse: (value, line) => line.memoryBytes = parseMemory(value),
  },
  {
    names: ["kernel"],
    value: "FILE",
    help: "Linux Image (plain, gzip or zstd), ELF file or flat binary to start",
    parse: (value, line) => line.kernel = requirePath("kernel", value),
  },
  {
    names: ["initrd"],
    value: "FILE",
    help: "initial RAM disk for the kernel",
    parse: (value, line) => line.initrd = requirePath("initrd", value),
  },
  {
    names: ["append"],
    value: "TEXT",
    help: "kernel command line",
    parse: (value, line) => line.append = value,
  },
  {
    names: ["bios"],
    value: "default|none|FILE",
    help: "firmware: the built-in SBI, none (start in machine mode), or an image",
    parse: (value, line) => line.bios = requirePath("bios", value),
  },
  {
    names: ["dtb"],
    value: "FILE",
    help: "device tree blob in place of the generated one",
    parse: (value, line) => line.dtb = requirePath("dtb", value),
  },
  {
    names: ["drive"],
    value: "file=FILE[,if=virtio|none][,id=D][,format=raw|qcow2][,...]",
    addsUp: true,
    help: "the disk of an image; if=none,id=D: for -device; cache=writeback|writethrough|unsafe: " +
      "flushes reach the host's disk, each write does, nothing does; snapshot=on: what is written " +
      "is gone at the end; readonly=on: nothing is; backing.file.filename=B: what a qcow2 image has not is in B; " +
      "discard=unmap, detect-zeroes=on|unmap: what is not needed, and zeros, give room to others; " +
      "werror=enospc|report|ignore|stop, rerror=report|ignore|stop: what a failure of the host does",
    parse: (value, line) => line.drives = [...line.drives ?? [], parseDrive(value)],
  },
  {
    names: ["snapshot"],
    help: "snapshot=on for all disks: no image is written",
    parse: (_value, line) => line.snapshot = true,
  },
  {
    names: ["device"],
    value: "loader,...|virtio-{blk,net,rng,9p,serial}-{device,pci},...|virt...",
    addsUp: true,
    help: "put a file into memory (force-raw=on: even an ELF file as it is), or a value " +
      "(data=,data-len=,data-be=), or start a hart there (cpu-num=); or a disk " +
      "(drive=D; serial=S: what it tells about itself; iothread=T: who serves it; num-queues=N), a " +
      "network card (netdev=N; mac=M), a source of random numbers (rng=R), a shared folder " +
      "(fsdev=F; mount_tag=TAG), or a console (virtio-serial; max_ports=N) with ports (virtconsole, " +
      "virtserialport; chardev=C; name=NAME; nr=N), each with packed=on: packed rings; -device: " +
      "over MMIO, in the slot of bus=virtio-mmio-bus.N; -pci: on the PCI " +
      "bus, as device addr=N",
    parse: parseDevice,
  },
  {
    names: ["netdev"],
    value: "user,id=N[,hostfwd=tcp:ADDR:PORT-:PORT][,allow=WHERE][,...]",
    addsUp: true,
    help: "a network for -device: addresses by DHCP and router advertisements, ways out through " +
      "the host; ipv4=on|off, ipv6=on|off; hostfwd=: a port of the host's is one of the guest's; " +
      "guestfwd=: the reverse; restrict=on: no way out; " +
      "allow=loopback|private|ADDR[/BITS][:PORT]: what is reached besides public addresses",
    parse: (value, line) => line.networks = [...line.networks ?? [], parseNetdev(value)],
  },
  {
    names: ["nic"],
    value: "user[,mac=M][,model=virtio-net-pci][,...]|none",
    addsUp: true,
    help: "a network card with a network of its own, which takes what -netdev does",
    parse: (value, line) => {
      const nic = parseNic(value);
      if (nic !== undefined) line.nics = [...line.nics ?? [], nic];
    },
  },
  {
    names: ["virtfs"],
    value: "local,path=DIR,mount_tag=TAG,security_model=M[,readonly=on]",
    addsUp: true,
    help: "share folder DIR, which the guest mounts as TAG by 9P; M: mapped-file (owners, " +
      "permissions and links of the guest's are kept in files of their own) or none",
    parse: (value, line) => line.shares = [...line.shares ?? [], parseVirtfs(value)],
  },
  {
    names: ["fsdev"],
    value: "local,id=F,path=DIR,security_model=M[,readonly=on]",
    addsUp: true,
    help: "the same for -device virtio-9p-device",
    parse: (value, line) => line.folders = [...line.folders ?? [], parseFsdev(value)],
  },
  {
    names: ["object"],
    value: "iothread,id=T|rng-random,id=R|filter-dump,id=F,netdev=N,file=FILE",
    addsUp: true,
    help: "a thread that serves the disks which name it (the others share one); the host's " +
      "random numbers; or a file for the frames of a network, for Wireshark",
    parse: (value, line) => line.objects = [...line.objects ?? [], parseObject(value)],
  },
  {
    names: ["global"],
    value: "virtio-mmio.force-legacy=false",
    addsUp: true,
    help:
      "virtio devices have the interface of version 1; always the case, accepted as QEMU's flag",
    parse: (value) => parseGlobal(value),
  },
  {
    names: ["cpu"],
    value: "rv64|max[,EXT=on|off,...]",
    help: "CPU model (max: every extension) and extensions to switch",
    parse: parseCpu,
  },
  {
    names: ["accel"],
    value: "tcg[,thread=T][,threads=N][,check=on|off][,opt=LIST][,llsc=S][,...]",
    help: `thread=${THREAD_MODES.join("|")}: harts side by side, or all on one thread in turns; ` +
      "threads=N: on N threads at most, harts beyond take turns there " +
      "(default: two per processor); " +
      "check=on compares both tiers as it runs; " +
      "opt=all|none|all-PASS|PASS+PASS: optimizations that run, to find a wrong one; " +
      `llsc=${LLSC_SCHEMES.join("|")}: how reservations are made; ` +
      `encoder=${
        ENCODERS.join("|")
      }: what encodes compiled code, to find out whether it does so wrongly; ` +
      `host-order=${HOST_ORDER_CHOICES.join("|")}: what the host is taken to order by itself; ` +
      "code-cache=D: keep compiled code in folder D for later machines; " +
      "tb-size=N: keep compiled code of N MiB in memory; " +
      "bql=on: one lock around all devices, to measure what it costs; " +
      "unsafe-plain-loads=on breaks the memory model, for tests",
    parse: parseAccel,
  },
  {
    names: ["icount"],
    value: "[shift=]N|auto[,sleep=on|off][,rr=record|replay,rrfile=FILE]",
    help: "an instruction takes 2^N nanoseconds: runs repeat exactly, on one thread; auto: " +
      "N follows the host; sleep=off: no real time passes while all harts wait; " +
      "rr=record notes in FILE what comes from outside, rr=replay repeats it",
    parse: (value, line) => line.icount = parseIcount(value),
  },
  {
    names: ["nographic"],
    help: "console on this terminal; always the case, accepted as QEMU's flag",
    parse: (_value, line) => line.serial ??= "mon:stdio",
  },
  {
    names: ["serial"],
    value: SERIAL_FORM,
    help: "serial line: this terminal with Ctrl-A keys, without them, nothing, a file that " +
      "gets what the guest writes, a socket (server=on: others connect to it; wait=off: the guest " +
      "starts before that), or a -chardev",
    parse: (value, line) => line.serial = parseSerial(value),
  },
  {
    names: ["chardev"],
    value: "stdio|null|file|socket,id=C[,...]",
    addsUp: true,
    help: "what ports of consoles are connected with: this terminal (mux=on: several share it, " +
      "with Ctrl-A keys), nothing, path=FILE[,append=on], or a socket: host=ADDR,port=N or path=FILE" +
      "[,server=on][,wait=off]",
    parse: (value, line) => line.chardevs = [...line.chardevs ?? [], parseChardev(value)],
  },
  {
    names: ["monitor"],
    value: "none",
    help: "the monitor is behind Ctrl-A c only",
    parse: (value) => void parseChoice(`-monitor ${value}`, value, ["none", "null"]),
  },
  {
    names: ["display"],
    value: "none",
    help: "there is no graphics display",
    parse: (value) => void parseChoice(`-display ${value}`, value, ["none"]),
  },
  {
    names: ["no-reboot"],
    help: "end where the guest asks for a restart",
    parse: (_value, line) => line.noReboot = true,
  },
  {
    names: ["d"],
    value: "ITEM,...",
    help: "write to the debug log; -d help lists the items",
    parse: parseDebug,
  },
  {
    names: ["D"],
    value: "FILE",
    help: "file for the debug log (default: standard error)",
    parse: (value, line) => line.debugFile = requirePath("D", value),
  },
  {
    names: ["stats"],
    help: "print speed and translation counts to standard error at the end",
    parse: (_value, line) => line.statistics = true,
  },
  {
    names: ["profile"],
    value: "FILE",
    help: "write what the harts executed, sampled 997 times a second: FILE.cpuprofile for a " +
      "browser's developer tools, FILE.svg as a flame graph, else folded stacks",
    parse: (value, line) => line.profile = requirePath("profile", value),
  },
  {
    names: ["jit-map"],
    value: "FILE",
    help: "write a table of what was compiled, with samples as -profile takes them; its region " +
      "numbers are those of -d",
    parse: (value, line) => line.jitMap = requirePath("jit-map", value),
  },
  {
    names: ["symbols"],
    value: "FILE[@ADDR]",
    addsUp: true,
    help: "names of functions for -profile and -jit-map: an ELF file, System.map or a copy of " +
      "/proc/kallsyms; ADDR is added to its addresses",
    parse: (value, line) => line.symbols = [...line.symbols ?? [], parseSymbolFile(value)],
  },
  {
    names: ["trace"],
    value: "file=FILE",
    help: "write what each hart did lately, as a timeline for Perfetto or chrome://tracing",
    parse: (value, line) => line.trace = parseTrace(value),
  },
  {
    names: ["watchdog"],
    value: "SECONDS",
    help:
      "end with a report on each hart, and the -trace file, when a hart makes no progress for " +
      "so long; a guest that sleeps or loops is not meant",
    parse: (value, line) => line.watchdogSeconds = parseSeconds("watchdog", value),
  },
  {
    names: ["help", "h"],
    help: "print this text",
    parse: (_value, line) => line.help = true,
  },
  {
    names: ["version"],
    help: "print the version",
    parse: (_value, line) => line.version = true,
  },
];

/** Understands a command line. Throws {@linkcode UsageError}. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const parsed = parseArgs(rewriteArguments(args), {
    string: FLAGS.map(keyOf),
    collect: FLAGS.filter((row) => row.addsUp).map(keyOf),
  });
  const line: CommandLine = {};
  for (const row of FLAGS) {
    for (const value of [parsed[keyOf(row)] ?? []].flat()) row.parse(value, line);
  }
  return line;
}

/** A row's name for the parser, which would take a leading `no-` for the negation of another name. */
function keyOf(row: FlagRow): string {
  return `flag-${row.names[0]}`;
}

/** `-smp 2` to `--smp=2`, aliases to main names, flags without value to an empty value. */
function rewriteArguments(args: readonly string[]): string[] {
  const rewritten: string[] = [];
  const words = args[Symbol.iterator]();
  for (const word of words) {
    const row = rowOf(word);
    if (row.value === undefined) {
      rewritten.push(`--${keyOf(row)}=`);
      continue;
    }
    const next = words.next();
    if (next.done) throw missingValue(word, row);
    rewritten.push(`--${keyOf(row)}=${next.value}`);
  }
  return rewritten;
}

function rowOf(word: string): FlagRow {
  const typed = /^--?(.+)$/.exec(word)?.[1];
  if (typed === undefined) throw strayWord(word);
  const row = FLAGS.find((candidate) => candidate.names.includes(typed));
  if (row === undefined) throw unknownFlag(word, typed);
  return row;
}

function strayWord(word: string): UsageError {
  return new UsageError({
    what: `"${word}"`,
    cause: "it stands where a flag is expected",
    fix: `write -kernel ${word} to start it, -drive file=${word} for a disk, or quote the text ` +
      "that it belongs to",
  });
}

function unknownFlag(word: string, typed: string): UsageError {
  const [name, value] = typed.split("=", 2);
  const row = FLAGS.find((candidate) => candidate.names.includes(name));
  if (row !== undefined) {
    return new UsageError({
      what: `flag ${word}`,
      cause: "values follow their flag as a word of their own",
      fix: row.value === undefined ? `write -${name}` : `write -${name} ${value}`,
    });
  }
  const absent = absentFlag(name);
  if (absent !== undefined) return new UsageError({ what: `flag ${word}`, ...absent });
  const names = FLAGS.flatMap((candidate) => candidate.names).map((known) => `-${known}`);
  return new UsageError({
    what: `flag ${word}`,
    cause: "there is no flag of this name",
    fix: `${nearestFlag(name, names)}-help lists all flags`,
  });
}

/** Short flags are near everything: a suggestion is made only among the names it could be. */
function nearestFlag(name: string, names: readonly string[]): string {
  const text = suggestion(`-${name}`, names);
  return text.startsWith("did you mean") ? `${text} ` : "";
}

function missingValue(word: string, row: FlagRow): UsageError {
  return new UsageError({
    what: `flag ${word}`,
    cause: "its value is missing",
    fix: `write -${row.names[0]} ${row.value}`,
  });
}

function requirePath(flag: string, value: string): string {
  if (value !== "") return value;
  throw new UsageError({
    what: `flag -${flag}`,
    cause: "its value is empty",
    fix: `write -${flag} FILE`,
  });
}

const MACHINE_PROPERTIES = ["type", "aia", "aia-guests", "dumpdtb", "accel"] as const;

function parseMachine(value: string, line: CommandLine): void {
  const { head, properties } = parsePropertyList("machine", value);
  rejectUnknownProperties("machine", properties, MACHINE_PROPERTIES);
  if (value === "") {
    throw new UsageError({
      what: "flag -machine",
      cause: "its value is empty",
      fix: `write -M ${MACHINE_NAMES.join(" or ")}`,
    });
  }
  const name = properties.get("type") ?? head;
  if (name !== undefined) line.machine = parseChoice(`-M ${value}`, name, MACHINE_NAMES);
  const aia = properties.get("aia");
  if (aia !== undefined) line.aia = parseChoice(`-M ...,aia=${aia}`, aia, AIA_CHOICES);
  const guests = properties.get("aia-guests");
  if (guests !== undefined) requireNoGuests(guests);
  const path = properties.get("dumpdtb");
  if (path !== undefined) line.dumpDeviceTree = requirePath("M dumpdtb", path);
  const accel = properties.get("accel");
  if (accel !== undefined) parseChoice(`-M ...,accel=${accel}`, accel, ["tcg"]);
}

/** Files for the guests of a hypervisor, which harts here cannot run. */
function requireNoGuests(count: string): void {
  if (count === "0") return;
  throw new UsageError({
    what: `-M ...,aia-guests=${count}`,
    cause: "harts have no hypervisor extension, and so no interrupt files for guests",
    fix: "write aia-guests=0, or leave it out",
  });
}

function parseDevice(value: string, line: CommandLine): void {
  const port = parsePortDevice(value);
  if (port !== undefined) {
    line.ports = [...line.ports ?? [], port];
    return;
  }
  const device = parseSlotDevice(value);
  if (device !== undefined) line.devices = [...line.devices ?? [], device];
  else line.loads = [...line.loads ?? [], parseLoaderDevice(value)];
}

function parseCpu(value: string, line: CommandLine): void {
  const { head, properties } = parsePropertyList("cpu", value);
  line.cpuModel = parseChoice(`-cpu ${value}`, head ?? "", CPU_MODELS);
  line.cpu = {};
  for (const [key, setting] of properties) line.cpu[key] = parseSwitch("cpu", key, setting);
}

const ACCEL_PROPERTIES = [
  "thread",
  "threads",
  "check",
  "opt",
  "llsc",
  "bql",
  "host-order",
  "encoder",
  "code-cache",
  "tb-size",
  "unsafe-plain-loads",
] as const;

function parseAccel(value: string, line: CommandLine): void {
  const { head, properties } = parsePropertyList("accel", value);
  rejectUnknownProperties("accel", properties, ACCEL_PROPERTIES);
  parseChoice(`-accel ${value}`, head ?? "", ["tcg"]);
  const thread = properties.get("thread");
  if (thread !== undefined) {
    line.thread = parseChoice(`-accel ...,thread=${thread}`, thread, THREAD_MODES);
  }
  const threads = properties.get("threads");
  if (threads !== undefined) line.threads = parseThreads("accel", "threads", threads);
  const llsc = properties.get("llsc");
  if (llsc !== undefined) line.llsc = parseChoice(`-accel ...,llsc=${llsc}`, llsc, LLSC_SCHEMES);
  const bql = properties.get("bql");
  if (bql !== undefined) line.bql = parseSwitch("accel", "bql", bql);
  const check = properties.get("check");
  if (check !== undefined) line.check = parseSwitch("accel", "check", check);
  const passes = properties.get("opt");
  if (passes !== undefined) line.passes = parsePassList(passes);
  const encoder = properties.get("encoder");
  if (encoder !== undefined) {
    line.encoder = parseChoice(`-accel ...,encoder=${encoder}`, encoder, ENCODERS);
  }
  const order = properties.get("host-order");
  if (order !== undefined) {
    line.hostOrder = parseChoice(`-accel ...,host-order=${order}`, order, HOST_ORDER_CHOICES);
  }
  const codeSize = properties.get("tb-size");
  if (codeSize !== undefined) line.codeBytes = parseMebibytes("accel", "tb-size", codeSize);
  const folder = properties.get("code-cache");
  if (folder !== undefined) line.codeCache = requireFolder(folder);
  const plain = properties.get("unsafe-plain-loads");
  if (plain !== undefined) {
    line.unsafePlainLoads = parseSwitch("accel", "unsafe-plain-loads", plain);
  }
}

function parseTrace(value: string): string {
  const { head, properties } = parsePropertyList("trace", value);
  rejectUnknownProperties("trace", properties, ["file"]);
  const file = properties.get("file");
  if (head === undefined && file) return file;
  throw new UsageError({
    what: `-trace ${value}`,
    cause: head === undefined ? "its file has no name" : "all events are traced, and no others",
    fix: "write -trace file=FILE",
  });
}

function requireFolder(folder: string): string {
  if (folder !== "" && folder !== "on" && folder !== "off") return folder;
  throw new UsageError({
    what: `-accel ...,code-cache=${folder}`,
    cause: "its value is the folder of the cache",
    fix: "write code-cache=DIR, or leave it out",
  });
}

function isDebugCategory(name: string): name is DebugCategory {
  return Object.hasOwn(DEBUG_CATEGORIES, name);
}

function parseDebug(value: string, line: CommandLine): void {
  line.debugHelp = value === "help";
  if (line.debugHelp) return;
  line.debugCategories = value.split(",").map((name) => {
    if (isDebugCategory(name)) return name;
    throw new UsageError({
      what: `-d ${value}`,
      cause: `there is no debug item "${name}"`,
      fix: suggestion(name, Object.keys(DEBUG_CATEGORIES)),
    });
  });
}
