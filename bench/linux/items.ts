// What runs inside Linux: kernels and system operations of the benchmark program, and what is asked of them.

/** Kind of an item; each kind has bars of its own. */
export type ItemGroup = "integer" | "float" | "system";

/** One thing the program can run. */
export interface LinuxItem {
  /** Its name on the program's command line. */
  readonly name: string;
  readonly group: ItemGroup;
  /** The checksum of {@linkcode TEST_REPEAT} rounds; an operation's is that number itself. */
  readonly checksum: string;
}

/** Rounds of the checksums below: enough for hot code, few enough for a test. */
export const TEST_REPEAT = 10;

const CHECKSUM_DIGITS = 16;
const HEXADECIMAL = 16;

/** A number as the program prints checksums. */
export function checksumText(value: number): string {
  return value.toString(HEXADECIMAL).padStart(CHECKSUM_DIGITS, "0");
}

function group(name: ItemGroup, checksums: Readonly<Record<string, string>>): LinuxItem[] {
  return Object.entries(checksums).map(([item, checksum]) => ({
    name: item,
    group: name,
    checksum,
  }));
}

/** All items, in report order. */
export const LINUX_ITEMS: readonly LinuxItem[] = [
  ...group("integer", {
    "coremark-mix": "b71e86d8866823ad",
    dhrystone: "c234802ac236a382",
    sieve: "2e11fbce8227227f",
    matmul: "a63e55952facdc9f",
    sha256: "2f65a93be511724b",
    qsort: "c6722f0cb96d829b",
    strings: "bab2e5fed94660ba",
    crc32: "2fcc0274da1b5e86",
    "hash-chase": "b89f5facd49fb84c",
    interpreter: "1f4056a68a780ddc",
    fib: "30b95e4a248bdf34",
    "div-mul": "1cb98e4e662b0579",
    stream: "aacc50c7aa0d72db",
    lz: "b03e7ed68d63e2cf",
  }),
  ...group("float", {
    nbody: "9d625f42df235ab7",
    "float-matmul": "16f393385cfdf50b",
    fft: "c2514f9b1f585d23",
    mandelbrot: "9ca612fda613924e",
  }),
  ...["syscall", "page-fault", "context-switch", "pipe-4k", "fork-exit", "fork-exec"]
    .map((name) => ({ name, group: "system" as const, checksum: checksumText(TEST_REPEAT) })),
];

/** Kernels that run on one hart and then on two. */
export const SCALED_ITEMS: readonly string[] = ["sha256", "interpreter", "qsort", "nbody"];

/** Where the sources of the benchmark program are. */
export const LINUX_BENCH_SOURCES = new URL("program/", import.meta.url);

/** The checked-in program. */
export const LINUX_BENCH_ELF = new URL("linux_bench.elf", import.meta.url);

/** Sources that know no operating system. */
export const KERNEL_LIST_SOURCES: readonly URL[] = [
  ...["kernels", "coremark_mix", "dhrystone_like", "sieve", "integer_matmul", "sha256", "sort"],
  ...["strings", "crc32", "hash_chase", "interpreter", "fib", "divide_multiply", "stream", "lz"],
  ...["nbody", "float_matmul", "fft", "mandelbrot"],
].map((name) => new URL(`${name}.c`, LINUX_BENCH_SOURCES));
