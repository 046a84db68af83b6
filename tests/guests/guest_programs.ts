// The list of bare-metal guest programs: what is built, for which board, and what to expect.

/** A board whose console and finisher a program is linked with. */
export type GuestBoard = "virt" | "spike";

/** One bare-metal program of this folder. */
export interface GuestProgram {
  /** Base name of the source file and of the ELF files. */
  readonly name: string;
  /** Boards an ELF file is checked in for. */
  readonly boards: readonly GuestBoard[];
  /** True when more than one hart takes part. */
  readonly multiHart: boolean;
  /** True when the program is compiled for, and switches on, the floating-point unit. */
  readonly usesFloat: boolean;
  /** Extensions that the CPU model does not have by itself; none when absent. */
  readonly extensions?: readonly string[];
  /** Why QEMU 7.2 itself may fail the program; absent when it must pass there too. */
  readonly qemuMayFail?: string;
}

const SMP = { boards: ["virt"], multiHart: true, usesFloat: false } as const;
const SMP_ON_BOTH = { ...SMP, boards: ["virt", "spike"] } as const;
const SINGLE_HART = { boards: ["virt", "spike"], multiHart: false, usesFloat: false } as const;

/** Every program; each is `programs/<name>.c` and `elf/<name>.<board>.elf`. */
export const GUEST_PROGRAMS: readonly GuestProgram[] = [
  { name: "hello", ...SMP_ON_BOTH },
  { name: "smp_counter", ...SMP_ON_BOTH },
  { name: "smp_amo", ...SMP_ON_BOTH },
  { name: "ticket_lock", ...SMP },
  {
    name: "treiber_stack",
    ...SMP,
    qemuMayFail: "its store-conditional compares values, so a recycled node goes unnoticed",
  },
  {
    name: "reservation_seen",
    ...SMP,
    qemuMayFail: "its store-conditional compares values, so a value that came back goes unnoticed",
  },
  { name: "reservation_pages", ...SMP },
  { name: "mcs_lock", ...SMP },
  { name: "seqlock", ...SMP },
  {
    name: "michael_scott_queue",
    ...SMP,
    qemuMayFail: "its store-conditional compares values, so a recycled node goes unnoticed",
  },
  { name: "rcu_publication", ...SMP },
  { name: "aliasing_lines", ...SMP },
  { name: "reservation_fairness", ...SMP },
  {
    name: "device_write",
    ...SMP,
    boards: ["spike"],
    qemuMayFail: "it does not answer calls that it does not know",
  },
  { name: "code_patch", ...SMP_ON_BOTH },
  {
    name: "code_patch_unpaced",
    ...SMP,
    qemuMayFail: "it can translate old bytes between invalidation and the store",
  },
  { name: "interrupts", ...SMP_ON_BOTH },
  { name: "litmus_smoke", ...SMP },
  { name: "traps", ...SINGLE_HART },
  { name: "paging", ...SMP_ON_BOTH },
  { name: "protection", ...SMP_ON_BOTH },
  {
    name: "privileged_csr",
    ...SINGLE_HART,
    qemuMayFail: "it keeps an MPP that names no privilege, and writes to UXL",
  },
  {
    name: "page_types",
    ...SINGLE_HART,
    qemuMayFail:
      "it knows no reserved memory type, and some illegal fences come without their bits",
  },
  { name: "cache_blocks", ...SINGLE_HART, qemuMayFail: "it has no cache-block instructions" },
  {
    name: "host_calls",
    ...SINGLE_HART,
    boards: ["spike"],
    qemuMayFail: "it answers no calls that print whole texts",
  },
  { name: "isa_i", ...SINGLE_HART },
  { name: "isa_m", ...SINGLE_HART },
  { name: "isa_a", ...SINGLE_HART },
  { name: "isa_c", ...SINGLE_HART },
  { name: "isa_f", ...SINGLE_HART, usesFloat: true },
  { name: "isa_d", ...SINGLE_HART, usesFloat: true },
  { name: "isa_zfh", ...SINGLE_HART, usesFloat: true, extensions: ["zfh"] },
  { name: "isa_zk", ...SINGLE_HART, extensions: ["zbc", "zkn", "zks"] },
];
