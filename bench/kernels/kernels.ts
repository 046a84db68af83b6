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
  /** About ten times the work, so that start-up and compilation weigh little: amount, and what it prints. */
  readonly long?: { readonly iterations: number; readonly output: string };
}

/** All kernels, in report order. */
export const BENCH_KERNELS: readonly BenchKernel[] = [
  {
    name: "fib",
    usesFloat: false,
    stresses: "calls and returns, stack traffic",
    output: "fib 9227465",
    long: { iterations: 40, output: "fib 102334155" },
  },
  {
    name: "sieve",
    usesFloat: false,
    stresses: "byte stores with growing strides",
    output: "sieve 2801151",
    long: { iterations: 180, output: "sieve 28026090" },
  },
  {
    name: "sha256",
    usesFloat: false,
    stresses: "rotates and 32-bit arithmetic",
    output: "sha256 8467826851404325899",
    long: { iterations: 4_000_000, output: "sha256 7530995844708105611" },
  },
  {
    name: "matrix",
    usesFloat: false,
    stresses: "strided loads, multiply and add",
    output: "matrix 4166579560165252592",
    long: { iterations: 300, output: "matrix 12753390468509906960" },
  },
  {
    name: "quicksort",
    usesFloat: false,
    stresses: "unpredictable branches, recursion",
    output: "quicksort 12970003435322056103",
    long: { iterations: 280, output: "quicksort 668540709671441805" },
  },
  {
    name: "nbody",
    usesFloat: true,
    stresses: "double-precision arithmetic",
    output: "nbody 12930631274767794659",
    long: { iterations: 3_000_000, output: "nbody 11188320058628160816" },
  },
  {
    name: "interpreter",
    usesFloat: false,
    stresses: "indirect jumps through a switch",
    output: "interpreter 787786641938818145",
    long: { iterations: 12_000_000, output: "interpreter 18315146106100607649" },
  },
  {
    name: "mixed",
    usesFloat: false,
    stresses: "checksums, linked lists, a state machine",
    output: "mixed 48548",
    long: { iterations: 100_000, output: "mixed 21291" },
  },
];

/** A program that only starts and stops: its time is an emulator's start-up cost. */
export const EMPTY_PROGRAM: BenchKernel = {
  name: "empty",
  usesFloat: false,
  stresses: "start and stop",
  output: "empty 0",
};

/** Times single memory operations by the guest's clock: `op_costs.ts`. */
export const OP_COSTS: BenchKernel = {
  name: "op_costs",
  usesFloat: false,
  stresses: "one memory operation at a time",
  output: "",
};

/** Where a kernel's checked-in ELF file lies. */
export function kernelElfUrl(kernel: BenchKernel): URL {
  return new URL(`elf/${kernel.name}.elf`, import.meta.url);
}

/** The same as a process of Linux, for user-mode emulators. */
export const OP_COSTS_PROCESS = new URL("elf/op_costs.linux.elf", import.meta.url);
