// Compiles the guest programs and the benchmark kernels into the checked-in ELF files.
//
// Users need no cross compiler: the binaries are part of the repository, and a test rebuilds them
// where the same compiler is present to prove that they belong to their sources.
//
// Usage: deno run -A tests/guests/build.ts [name ...]

import { fileURLToPath } from "node:url";
import {
  BENCH_KERNELS,
  EMPTY_PROGRAM,
  OP_COSTS,
  OP_COSTS_PROCESS,
} from "../../bench/kernels/kernels.ts";
import {
  KERNEL_LIST_SOURCES,
  LINUX_BENCH_ELF,
  LINUX_BENCH_SOURCES,
} from "../../bench/linux/items.ts";
import { GUEST_PROGRAMS, type GuestBoard } from "./guest_programs.ts";

const COMPILER = "riscv64-linux-gnu-gcc";
const STRIP = "riscv64-linux-gnu-strip";
const RUNTIME = new URL("runtime/", import.meta.url);
const PROGRAMS = new URL("programs/", import.meta.url);
const ELFS = new URL("elf/", import.meta.url);
const KERNEL_SOURCES = new URL("../../bench/kernels/", import.meta.url);
const KERNEL_ELFS = new URL("../../bench/kernels/elf/", import.meta.url);
/** A process is refused without the right to execute it, also by emulators. */
const EXECUTABLE = 0o755;
const READABLE = 0o644;
/** Names the compiler that made the checked-in binaries. */
const BUILT_WITH = new URL("BUILT_WITH", ELFS);

const COMMON_FLAGS = [
  "-O2",
  "-mcmodel=medany",
  "-ffreestanding",
  "-fno-pic",
  "-fno-stack-protector",
  "-fno-asynchronous-unwind-tables",
  "-Wall",
  "-Wextra",
  "-Werror",
  "-nostdlib",
  "-static",
  "-Wl,--build-id=none",
  "-Wl,-z,max-page-size=64",
  "-Wl,-z,norelro",
  "-Wl,--no-warn-rwx-segments",
];
const LINUX_FLAGS = COMMON_FLAGS.filter((flag) => flag !== "-Wl,-z,max-page-size=64");
const INTEGER_TARGET = ["-march=rv64imac_zicsr_zifencei", "-mabi=lp64"];
const FLOAT_TARGET = ["-march=rv64gc", "-mabi=lp64d", "-ffp-contract=off", "-DWITH_FLOAT"];

/** A program for Linux that brings its own start and needs no C library. */
export interface LinuxProgram {
  readonly name: string;
  readonly sources: readonly URL[];
  readonly flags: readonly string[];
  readonly elf: URL;
}

const LINUX_PROGRAMS_FOLDER = new URL("linux/", import.meta.url);

/** Threads that meet in locks. */
export const LOCK_STRESS: LinuxProgram = {
  name: "lock_stress",
  sources: [new URL("lock_stress.c", LINUX_PROGRAMS_FOLDER)],
  flags: INTEGER_TARGET,
  elf: new URL("lock_stress.elf", LINUX_PROGRAMS_FOLDER),
};

/** Storms of what the kernel and the emulator have to do across harts. */
export const STORMS: LinuxProgram = {
  name: "storms",
  sources: ["storms.c", "workers.c"].map((name) => new URL(name, LINUX_PROGRAMS_FOLDER)),
  flags: INTEGER_TARGET,
  elf: new URL("storms.elf", LINUX_PROGRAMS_FOLDER),
};

/** Work beside requests to a disk. */
export const DISK_LOADS: LinuxProgram = {
  name: "disk_loads",
  sources: ["disk_loads.c", "workers.c"].map((name) => new URL(name, LINUX_PROGRAMS_FOLDER)),
  flags: INTEGER_TARGET,
  elf: new URL("disk_loads.elf", LINUX_PROGRAMS_FOLDER),
};

/** Round trips to the host. */
export const NETWORK_LOADS: LinuxProgram = {
  name: "network_loads",
  sources: ["network_loads.c", "workers.c"].map((name) => new URL(name, LINUX_PROGRAMS_FOLDER)),
  flags: INTEGER_TARGET,
  elf: new URL("network_loads.elf", LINUX_PROGRAMS_FOLDER),
};

/** Benchmark kernels and system operations that time themselves. */
export const LINUX_BENCH: LinuxProgram = {
  name: "linux_bench",
  sources: [
    ...KERNEL_LIST_SOURCES,
    ...["main_linux.c", "linux_calls.c", "system_operations.c"].map((name) =>
      new URL(name, LINUX_BENCH_SOURCES)
    ),
  ],
  flags: [...FLOAT_TARGET, "-fno-math-errno", "-fno-tree-loop-distribute-patterns"],
  elf: LINUX_BENCH_ELF,
};

/** Every program for Linux. */
export const LINUX_PROGRAMS: readonly LinuxProgram[] = [
  LOCK_STRESS,
  STORMS,
  DISK_LOADS,
  NETWORK_LOADS,
  LINUX_BENCH,
];

/** Compiles a program for Linux into the given file. */
export async function buildLinuxProgram(program: LinuxProgram, output: string): Promise<void> {
  const sources = program.sources.map((source) => fileURLToPath(source));
  const include = `-I${fileURLToPath(LINUX_PROGRAMS_FOLDER)}`;
  await run(COMPILER, [...program.flags, ...LINUX_FLAGS, include, ...sources, "-o", output]);
  await run(STRIP, ["--strip-all", output]);
  await Deno.chmod(output, EXECUTABLE);
}

/** One ELF file to make. */
export interface GuestBuild {
  readonly name: string;
  /** `linux` is a process instead of a machine. */
  readonly board: GuestBoard | "linux";
  readonly usesFloat: boolean;
  readonly source: URL;
  readonly elf: URL;
}

/** Every ELF file the repository checks in. */
export function guestBuilds(): GuestBuild[] {
  const programs = GUEST_PROGRAMS.flatMap(({ name, boards, usesFloat }) =>
    boards.map((board) => ({
      name,
      board,
      usesFloat,
      source: new URL(`${name}.c`, PROGRAMS),
      elf: new URL(`${name}.${board}.elf`, ELFS),
    }))
  );
  const kernels = [...BENCH_KERNELS, EMPTY_PROGRAM, OP_COSTS].map(({ name, usesFloat }) => ({
    name,
    board: "virt" as const,
    usesFloat,
    source: new URL(`${name}.c`, KERNEL_SOURCES),
    elf: new URL(`${name}.elf`, KERNEL_ELFS),
  }));
  const [opCosts] = kernels.filter(({ name }) => name === OP_COSTS.name);
  const process = { ...opCosts, board: "linux" as const, elf: OP_COSTS_PROCESS };
  return [...programs, ...kernels, process];
}

async function run(command: string, args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args }).output();
  if (!success) throw new Error(`${command} failed:\n${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

/** The compiler's version line, or undefined when it is not installed. */
export async function guestCompiler(): Promise<string | undefined> {
  try {
    return (await run(COMPILER, ["--version"])).split("\n")[0];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** The version line of the compiler that made the checked-in files. */
export async function checkedInCompiler(): Promise<string> {
  return (await Deno.readTextFile(BUILT_WITH)).trim();
}

/** Compiles one guest into the given file. */
export async function buildGuest(build: GuestBuild, output: string): Promise<void> {
  const runtimeFile = (name: string) => fileURLToPath(new URL(name, RUNTIME));
  const placement = build.board === "linux"
    ? [...LINUX_FLAGS, "-DLINUX_PROCESS"]
    : [...COMMON_FLAGS, `-T${runtimeFile("guest.ld")}`, runtimeFile("start.S")];
  await run(COMPILER, [
    ...(build.usesFloat ? FLOAT_TARGET : INTEGER_TARGET),
    ...placement,
    `-DFILE_NAME="${build.name}"`,
    `-I${runtimeFile("")}`,
    runtimeFile("guest.c"),
    runtimeFile(`board_${build.board}.c`),
    fileURLToPath(build.source),
    "-o",
    output,
  ]);
  await run(STRIP, ["--strip-debug", "--discard-all", output]);
  await Deno.chmod(output, build.board === "linux" ? EXECUTABLE : READABLE);
}

async function buildAll(names: readonly string[]): Promise<void> {
  const compiler = await guestCompiler();
  if (compiler === undefined) throw new Error(`${COMPILER} is not installed`);
  for (const build of guestBuilds()) {
    if (names.length > 0 && !names.includes(build.name)) continue;
    await buildGuest(build, fileURLToPath(build.elf));
  }
  for (const program of LINUX_PROGRAMS) {
    if (names.length > 0 && !names.includes(program.name)) continue;
    await buildLinuxProgram(program, fileURLToPath(program.elf));
  }
  await Deno.writeTextFile(BUILT_WITH, `${compiler}\n`);
}

if (import.meta.main) await buildAll(Deno.args);
