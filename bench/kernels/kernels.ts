// The list of benchmark kernels: eight bare-metal programs, one kind of work each.

/** One benchmark kernel: `<name>.c` beside this file, `elf/<name>.elf` as built. */
export interface BenchKernel {
  readonly name: string;
  readonly usesFloat: boolean;
  /** The kind of guest code it stands for. */
  readonly stresses: string;
}

/** All kernels, in report order. */
export const BENCH_KERNELS: readonly BenchKernel[] = [];
