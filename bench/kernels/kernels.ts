// The list of benchmark kernels: eight bare-metal programs, one kind of work each.

/** One benchmark kernel: `<name>.c` beside this file, `elf/<name>.elf` as built. */
export interface BenchKernel {
  /** Base name of source and ELF file. */
  readonly name: string;
  /** True when the floating-point unit must be switched on. */
  readonly usesFloat: boolean;
  /** The kind of guest code it stands for. */
  readonly stresses: string;
}

/** All kernels, in report order. */
export const BENCH_KERNELS: readonly BenchKernel[] = [
  { name: "fib", usesFloat: false, stresses: "calls and returns, stack traffic" },
  { name: "sieve", usesFloat: false, stresses: "byte stores with growing strides" },
  { name: "sha256", usesFloat: false, stresses: "rotates and 32-bit arithmetic" },
  { name: "matrix", usesFloat: false, stresses: "strided loads, multiply and add" },
  { name: "quicksort", usesFloat: false, stresses: "unpredictable branches, recursion" },
  { name: "nbody", usesFloat: true, stresses: "double-precision arithmetic" },
  { name: "interpreter", usesFloat: false, stresses: "indirect jumps through a switch" },
  { name: "mixed", usesFloat: false, stresses: "checksums, linked lists, a state machine" },
];

/** A program that only starts and stops: its time is an emulator's start-up cost. */
export const EMPTY_PROGRAM: BenchKernel = {
  name: "empty",
  usesFloat: false,
  stresses: "start and stop",
};
