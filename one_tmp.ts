import { DifferentialRun, randomVariants } from "./tests/differential/differential_run.ts";
import { generateProgram } from "./tests/differential/program_generator.ts";
import { SeededRandom } from "./tests/differential/seeded_random.ts";
const run = await DifferentialRun.create();
for (let seed = Number(Deno.args[0]); seed < Number(Deno.args[0]) + Number(Deno.args[1]); seed++) {
  const program = generateProgram(seed);
  if (!program.features.reservations) continue;
  const d = run.compare(program, randomVariants(new SeededRandom(seed), 3));
  console.log(seed, d === null ? "same" : d === undefined ? "endless" : d.lines.slice(0, 6).join(" | ") + " short=" + d.variant.hasShortBudgets + JSON.stringify(program.features));
}
