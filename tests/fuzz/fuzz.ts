/**
 * `deno task fuzz WHAT [FIRST_SEED [COUNT]]`: random tests against oracles.
 *
 * `rows`: COUNT cases of every instruction form, in both tiers, the reference interpreter and QEMU.
 * `blocks`: COUNT programs in regions and in the cold tier. `mmu`: COUNT scripts of translation changes and
 * accesses, against a simple walker. `vectors`: what the tests have of QEMU's results.
 *
 * Flags: `--only=REGEX` names forms; `--no-qemu` leaves QEMU out; `--record` writes the results document;
 * `--no-save` leaves failures unsaved; `--stop-at-first`; `--built-cold-tier` builds the cold tier from the
 * sources instead of taking the checked-in one.
 */
import { parseArgs } from "@std/cli";
import { RiscvFrontend } from "../../frontend/riscv/riscv_frontend.ts";
import { coldTierText } from "../../runtime/machine/boards/riscv_virt/cold_tier_text.ts";
import { buildGuestColdTier } from "../../runtime/translation/guest_cold_tier.ts";
import { ModuleFactory } from "../../wasm_backend/module_builder.ts";
import type { FuzzOptions, FuzzSummary } from "./fuzz_options.ts";
import { fuzzMmu } from "./mmu/fuzz_mmu.ts";
import { fuzzPrograms } from "./programs/fuzz_programs.ts";
import { recordSection } from "./results_document.ts";
import { fuzzVectors } from "./rows/fuzz_vectors.ts";
import { fuzzRows } from "./rows/fuzz_rows.ts";

interface Fuzzer {
  readonly run: (options: FuzzOptions) => Promise<FuzzSummary>;
  readonly count: number;
}

const FUZZERS: Readonly<Record<string, Fuzzer>> = {
  rows: { run: fuzzRows, count: 2000 },
  blocks: { run: fuzzPrograms, count: 20_000 },
  vectors: { run: fuzzVectors, count: 0 },
  mmu: { run: fuzzMmu, count: 5000 },
};

async function coldTierOf(isBuilt: boolean): Promise<WebAssembly.Module> {
  const bytes = isBuilt
    ? buildGuestColdTier(new ModuleFactory(), new RiscvFrontend(), "x64")
    : Uint8Array.fromBase64((await coldTierText()).replaceAll("\n", ""));
  return new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
}

async function main(words: readonly string[]): Promise<number> {
  const flags = parseArgs([...words], {
    string: ["only"],
    boolean: ["qemu", "record", "save", "stop-at-first", "built-cold-tier"],
    negatable: ["qemu", "save"],
    default: { qemu: true, save: true },
  });
  const [what, first = 1, count] = flags._;
  const fuzzer = FUZZERS[String(what)];
  if (fuzzer === undefined) {
    console.error(`deno task fuzz ${Object.keys(FUZZERS).join("|")} [FIRST_SEED [COUNT]]`);
    return 2;
  }
  const { failures, section, body } = await fuzzer.run({
    seed: Number(first),
    count: Number(count ?? fuzzer.count),
    only: flags.only === undefined ? null : new RegExp(flags.only),
    coldTier: await coldTierOf(flags["built-cold-tier"]),
    usesQemu: flags.qemu,
    saves: flags.save,
    stopsAtFirst: flags["stop-at-first"],
    say: (line) => console.log(line),
  });
  if (flags.record && what !== "vectors") await recordSection(section, body);
  console.log(`${section}: ${failures} differences`);
  return failures === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
