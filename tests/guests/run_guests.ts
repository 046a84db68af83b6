// Runs guest programs again and again and counts failures: by hand, or for hours.
//
// Usage: deno task guests:run [--engine=weft|qemu] [--board=virt|spike] [--harts=1,2,4,8]
//          [--iterations=N] [--minutes=M] [--timeout=SECONDS] [name ...] [-- emulator flags]

import { parseArgs } from "@std/cli";
import { type GuestOutcome, type GuestRun, RUN_ENGINES, runGuest } from "./guest_run.ts";
import { GUEST_PROGRAMS, type GuestBoard, type GuestProgram } from "./guest_programs.ts";

const MILLISECONDS_PER_MINUTE = 60_000;
const BOARDS: readonly GuestBoard[] = ["virt", "spike"];
const SEED_STEP = 0x9e3779b97f4a7c15n;
const SEED_BITS = 64;

/** Passes and failures of one program with one hart count. */
interface Tally {
  passed: number;
  failed: number;
  lastFailure: GuestOutcome | undefined;
}

interface Plan {
  readonly programs: readonly GuestProgram[];
  readonly harts: readonly number[];
  readonly minutes: number;
  readonly run: Omit<GuestRun, "name" | "harts">;
}

function oneOf<Name extends string>(flag: string, names: readonly Name[], text: string): Name {
  const found = names.find((name) => name === text);
  if (found === undefined) throw new Error(`--${flag} is one of ${names.join(", ")}`);
  return found;
}

function selectPrograms(names: readonly string[], board: GuestBoard): readonly GuestProgram[] {
  const unknown = names.find((name) => !GUEST_PROGRAMS.some((known) => known.name === name));
  if (unknown !== undefined) throw new Error(`No guest program is called ${unknown}`);
  return GUEST_PROGRAMS.filter(({ name, boards }) =>
    boards.includes(board) && (names.length === 0 || names.includes(name))
  );
}

function readPlan(args: string[]): Plan {
  const flags = parseArgs(args, {
    string: ["engine", "board", "harts", "iterations", "minutes", "timeout"],
    default: { engine: "weft", board: "virt", harts: "1,2,4,8", minutes: "0", timeout: "60" },
    "--": true,
  });
  const board = oneOf("board", BOARDS, flags.board);
  return {
    programs: selectPrograms(flags._.map(String), board),
    harts: flags.harts.split(",").map(Number),
    minutes: Number(flags.minutes),
    run: {
      board,
      engine: oneOf("engine", RUN_ENGINES, flags.engine),
      timeoutSeconds: Number(flags.timeout),
      parameters: flags.iterations === undefined ? {} : { iterations: Number(flags.iterations) },
      flags: flags["--"],
    },
  };
}

/** One round over everything; every round has its own random streams. */
async function runRound(plan: Plan, round: number, tallies: Map<string, Tally>): Promise<void> {
  const seed = BigInt.asUintN(SEED_BITS, BigInt(round + 1) * SEED_STEP);
  for (const { name, multiHart } of plan.programs) {
    for (const harts of plan.harts) {
      if (harts > 1 && !multiHart && round > 0) continue;
      const parameters = { ...plan.run.parameters, seed };
      const outcome = await runGuest({ ...plan.run, name, harts, parameters });
      const key = `${name} harts=${harts}`;
      const tally = tallies.get(key) ?? { passed: 0, failed: 0, lastFailure: undefined };
      tallies.set(key, tally);
      if (outcome.exitCode === 0) {
        tally.passed++;
      } else {
        tally.failed++;
        tally.lastFailure = outcome;
        console.log(
          `FAIL ${key} round=${round} exit=${outcome.exitCode} ${outcome.stdout}${outcome.stderr}`,
        );
      }
    }
  }
}

async function main(args: string[]): Promise<number> {
  const plan = readPlan(args);
  const tallies = new Map<string, Tally>();
  const end = Date.now() + plan.minutes * MILLISECONDS_PER_MINUTE;
  let round = 0;
  do {
    await runRound(plan, round++, tallies);
  } while (Date.now() < end);
  let failures = 0;
  for (const [key, { passed, failed }] of tallies) {
    console.log(`${key}: ${passed} passed, ${failed} failed`);
    failures += failed;
  }
  console.log(`${round} rounds, ${failures} failures`);
  return failures === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
