// The list of benchmark kernels: eight bare-metal programs, one kind of work each.

/** One benchmark kernel: `<name>.c` beside this file, `elf/<name>.elf` as built. */
export interface BenchKernel {
  /** Base name of source and ELF file. */
  readonly name: string;
  /** True when the floating-point unit must be switched on. */
  readonly usesFloat: boolean;
  /** The kind of guest code it stands for. */
  readonly stresses: string;
  /** What it prints with its built-in work amount; a run that prints anything else is void. */
  readonly output: string;
}

/** All kernels, in report order. */
export const BENCH_KERNELS: readonly BenchKernel[] = [
  {
    name: "fib",
    usesFloat: false,
    stresses: "calls and returns, stack traffic",
    output: "fib 9227465",
  },
  {
    name: "sieve",
    usesFloat: false,
    stresses: "byte stores with growing strides",
    output: "sieve 2801151",
  },
  {
    name: "sha256",
    usesFloat: false,
    stresses: "rotates and 32-bit arithmetic",
    output: "sha256 8467826851404325899",
  },
  {
    name: "matrix",
    usesFloat: false,
    stresses: "strided loads, multiply and add",
    output: "matrix 4166579560165252592",
  },
  {
    name: "quicksort",
    usesFloat: false,
    stresses: "unpredictable branches, recursion",
    output: "quicksort 12970003435322056103",
  },
  {
    name: "nbody",
    usesFloat: true,
    stresses: "double-precision arithmetic",
    output: "nbody 12930631274767794659",
  },
  {
    name: "interpreter",
    usesFloat: false,
    stresses: "indirect jumps through a switch",
    output: "interpreter 787786641938818145",
  },
  {
    name: "mixed",
    usesFloat: false,
    stresses: "checksums, linked lists, a state machine",
    output: "mixed 48548",
  },
];

/** A program that only starts and stops: its time is an emulator's start-up cost. */
export const EMPTY_PROGRAM: BenchKernel = {
  name: "empty",
  usesFloat: false,
  stresses: "start and stop",
  output: "empty 0",
};

/** Where a kernel's checked-in ELF file lies. */
export function kernelElfUrl(kernel: BenchKernel): URL {
  return new URL(`elf/${kernel.name}.elf`, import.meta.url);
}
