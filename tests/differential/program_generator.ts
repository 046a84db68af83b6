/**
 * Random guest programs that end by themselves: blocks of random instructions inside loops, branches, calls and
 * jumps of every kind, with whatever else a seed chooses: faults, control registers, atomics, floats, code that
 * changes itself, interrupts.
 */
import { Device } from "./guest_layout.ts";
import { CodeChanges } from "./program_code_changes.ts";
import { type GeneratedProgram, randomFeatures } from "./program_features.ts";
import { InstructionMix } from "./program_instructions.ts";
import { addSupervisorHandler } from "./program_privileged.ts";
import { Register } from "./program_registers.ts";
import { ProgramStructure } from "./program_structure.ts";
import { ProgramText } from "./program_text.ts";
import { SeededRandom } from "./seeded_random.ts";

const PAGE_BYTES = 4096;
const LARGEST_DISTANCE_FROM_PAGE_END = 400;

/** The program of a seed. */
export function generateProgram(seed: number): GeneratedProgram {
  const random = new SeededRandom(seed);
  const features = randomFeatures(random);
  const start = random.chance(50)
    ? 2 * random.below(32)
    : PAGE_BYTES - 2 * random.between(1, LARGEST_DISTANCE_FROM_PAGE_END / 2);
  const text = new ProgramText(random, features, start);
  const changes = new CodeChanges(text);
  const structure = new ProgramStructure(text, new InstructionMix(text, changes));
  const end = text.newLabel();
  structure.addMain();
  text.place(end);
  text.add("sw", { rs1: Register.DEVICE, rs2: 0, imm: Device.END });
  text.jump(end);
  structure.addFunctions();
  changes.placeRest();
  const supervisorHandler = features.delegation ? addSupervisorHandler(text) : null;
  return { seed, features, lines: text.lines, start, supervisorHandler };
}
