/**
 * `deno task fuzz WHAT [FIRST_SEED [COUNT]]`: random tests against oracles.
 *
 * `rows`: COUNT cases of every instruction form, in both tiers, the reference interpreter and QEMU.
 * `blocks`: COUNT programs in regions and in the cold tier. `mmu`: COUNT scripts of translation changes and
 * accesses, against a simple walker. `virtio`: COUNT attacks of a hostile driver. `shares`: COUNT of a guest on
 * a shared folder. `vectors`: what the tests have of QEMU's results.
 *
 * Flags: `--only=REGEX` names forms; `--no-qemu` leaves QEMU out; `--record` writes the results document;
 * `--no-save` leaves failures unsaved; `--stop-at-first`; `--built-cold-tier` builds the cold tier from the
 * sources instead of taking the checked-in one; `--jobs=N` shares the seeds of programs and scripts among processes.
 */
import { parseArgs } from "@std/cli";
import { RiscvFrontend } from "../../frontend/riscv/riscv_frontend.ts";
import { coldTierText } from "../../runtime/machine/boards/riscv_virt/cold_tier_text.ts";
import { buildGuestColdTier } from "../../runtime/translation/guest_cold_tier.ts";
import { BinaryenFactory } from "../../wasm_backend/binaryen/binaryen_builder.ts";
import type { FuzzOptions, FuzzSummary, SeedFuzzer } from "./fuzz_options.ts";
import { MMU_FUZZER } from "./mmu/fuzz_mmu.ts";
import { PROGRAM_FUZZER } from "./programs/fuzz_programs.ts";
import { recordSection } from "./results_document.ts";
import { fuzzVectors } from "./rows/fuzz_vectors.ts";
import { fuzzRows } from "./rows/fuzz_rows.ts";
import { runSeeds, tellCounts } from "./seed_jobs.ts";
import { SHARE_FUZZER } from "./shares/fuzz_shares.ts";
import { VIRTIO_FUZZER } from "./virtio/fuzz_virtio.ts";

/** Fuzzers over seeds, and how many seeds they try when nobody says. */
const SEED_FUZZERS: Readonly<Record<string, readonly [SeedFuzzer, number]>> = {
  blocks: [PROGRAM_FUZZER, 20_000],
  mmu: [MMU_FUZZER, 5000],
  virtio: [VIRTIO_FUZZER, 50_000],
  shares: [SHARE_FUZZER, 5000],
};
/** Fuzzers over instruction forms, and cases of each. */
const FORM_FUZZERS: Readonly<
  Record<string, readonly [(options: FuzzOptions) => Promise<FuzzSummary>, number]>
> = { rows: [fuzzRows, 2000], vectors: [fuzzVectors, 0] };

async function coldTierOf(isBuilt: boolean): Promise<WebAssembly.Module> {
  const bytes = isBuilt
    ? buildGuestColdTier(new BinaryenFactory(), new RiscvFrontend(), "x64")
    : Uint8Array.fromBase64((await coldTierText()).replaceAll("\n", ""));
  return new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
}

async function main(words: readonly string[]): Promise<number> {
  const flags = parseArgs([...words], {
    string: ["only", "jobs"],
    boolean: ["qemu", "record", "save", "stop-at-first", "built-cold-tier", "counts"],
    negatable: ["qemu", "save"],
    default: { qemu: true, save: true, jobs: "1" },
  });
  const [what, first = 1, count] = flags._.map(String);
  const fuzzers = [...Object.keys(FORM_FUZZERS), ...Object.keys(SEED_FUZZERS)];
  if (!fuzzers.includes(what)) {
    console.error(`deno task fuzz ${fuzzers.join("|")} [FIRST_SEED [COUNT]]`);
    return 2;
  }
  const [, usual] = SEED_FUZZERS[what] ?? FORM_FUZZERS[what];
  const options: FuzzOptions = {
    seed: Number(first),
    count: Number(count ?? usual),
    only: flags.only === undefined ? null : new RegExp(flags.only),
    coldTier: await coldTierOf(flags["built-cold-tier"]),
    usesQemu: flags.qemu,
    saves: flags.save,
    stopsAtFirst: flags["stop-at-first"],
    say: (line) => console.log(line),
  };
  const { failures, section, body } = await summaryOf(what, options, flags);
  if (flags.record && what !== "vectors") await recordSection(section, body);
  console.log(`${section}: ${failures} differences`);
  return failures === 0 ? 0 : 1;
}

async function summaryOf(
  what: string,
  options: FuzzOptions,
  flags: { readonly jobs: string; readonly counts: boolean },
): Promise<FuzzSummary> {
  if (SEED_FUZZERS[what] === undefined) return await FORM_FUZZERS[what][0](options);
  const [fuzzer] = SEED_FUZZERS[what];
  const shared = [
    options.saves ? [] : ["--no-save"],
    options.stopsAtFirst ? ["--stop-at-first"] : [],
  ];
  const jobs = { jobs: Number(flags.jobs), what, flags: shared.flat() };
  const counts = await runSeeds(fuzzer, options, jobs);
  if (flags.counts) tellCounts(counts);
  const command = `deno task fuzz ${what} ${options.seed} ${options.count} --record`;
  return {
    failures: counts.failures,
    section: fuzzer.section,
    body: fuzzer.describe(command, counts),
  };
}

if (import.meta.main) Deno.exit(await main(Deno.args));
