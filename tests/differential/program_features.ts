/** What a random program contains: features that a seed chooses, and the program that comes of them. */
import type { ProgramMode } from "./guest_layout.ts";
import type { Label, Line } from "./guest_program.ts";
import { WORK } from "./program_registers.ts";
import type { SeededRandom } from "./seeded_random.ts";

/** What a program may contain beside arithmetic, loads and stores. */
export interface ProgramFeatures {
  /** Mode the program runs in. */
  readonly mode: ProgramMode;
  /** Accesses that fault, illegal instructions, environment calls. */
  readonly traps: boolean;
  /** Control registers. */
  readonly csrs: boolean;
  /** Counters of cycles and instructions: differ when windows of reservations are repeated. */
  readonly counters: boolean;
  /** Atomic updates. */
  readonly atomics: boolean;
  /** Load-reserved and store-conditional, repeated until they succeed. */
  readonly reservations: boolean;
  /** Float instructions. */
  readonly floats: boolean;
  /** Compressed instructions. */
  readonly compressed: boolean;
  /** Jumps through tables. */
  readonly dispatch: boolean;
  /** Functions lie pages apart. */
  readonly spread: boolean;
  /** Functions and calls. */
  readonly calls: boolean;
  /** Jumps to places that make the graph irreducible. */
  readonly wildJumps: boolean;
  /** Code that changes itself. */
  readonly selfModifying: boolean;
  /** Interrupts come at random points. */
  readonly interrupts: boolean;
  /** Exceptions of supervisor mode go to a handler in supervisor mode. */
  readonly delegation: boolean;
  /** Pages of code and data are mapped elsewhere meanwhile. */
  readonly remaps: boolean;
  /** Loads and stores in a hundred instructions: they look at all registers and hide what went wrong. */
  readonly accessPercent: number;
  /** Registers that random instructions use. */
  readonly registers: number;
}

/** A generated program. */
export interface GeneratedProgram {
  /** What it was made from. */
  readonly seed: number;
  /** What it contains. */
  readonly features: ProgramFeatures;
  /** Its code; starts at the first line. */
  readonly lines: readonly Line[];
  /** Distance of its first line from the first code page. */
  readonly start: number;
  /** Label of the supervisor's trap handler, or null. */
  readonly supervisorHandler: Label | null;
}

/** Features that a seed chooses. */
export function randomFeatures(random: SeededRandom): ProgramFeatures {
  const mode = random.pick<ProgramMode>(["machine", "machine", "supervisor", "supervisor", "user"]);
  const reservations = random.chance(25);
  const interrupts = random.chance(20);
  const delegation = mode === "supervisor" && !interrupts && random.chance(50);
  return {
    mode,
    traps: random.chance(50),
    csrs: random.chance(60),
    counters: !reservations && !interrupts && random.chance(40),
    atomics: random.chance(40),
    reservations,
    floats: random.chance(30),
    compressed: random.chance(60),
    dispatch: random.chance(40),
    spread: random.chance(30),
    calls: random.chance(60),
    wildJumps: random.chance(40),
    selfModifying: random.chance(15),
    interrupts,
    delegation,
    remaps: mode === "supervisor" && random.chance(40),
    accessPercent: random.pick([0, 3, 10, 30]),
    registers: random.pick([3, 5, WORK.length]),
  };
}
