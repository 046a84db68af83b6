/** `deno task fuzz rows`: all instruction forms, one after the other, with a table at the end. */
import type { FuzzOptions, FuzzSummary } from "../fuzz_options.ts";
import { type FailingCase, saveRegression } from "../regressions.ts";
import { markdownTable } from "../results_document.ts";
import { cachedQemuUser, fetchQemuUser } from "../../tools/qemu_user.ts";
import { type InstructionForm, instructionForms, isPrivileged } from "./instruction_forms.ts";
import { PrivilegedFuzzer } from "./privileged_fuzz.ts";
import { QemuOracle } from "./qemu_oracle.ts";
import { RowFuzzer } from "./row_fuzz.ts";

/** One line of the table. */
interface FormResult {
  readonly form: InstructionForm;
  readonly sites: number;
  readonly regions: number;
  readonly cases: number;
  readonly onQemu: number;
  readonly differences: readonly FoundDifference[];
}

interface FoundDifference {
  readonly oracles: string;
  readonly lines: readonly string[];
  readonly failing: FailingCase;
}

/** Differences of a form that are reported and saved; the others are like them. */
const REPORTED = 3;

class FormFuzzer {
  readonly #rows: RowFuzzer;
  readonly #privileged: PrivilegedFuzzer;

  constructor(coldTier: WebAssembly.Module, qemu: QemuOracle | null) {
    this.#rows = new RowFuzzer(coldTier, qemu);
    this.#privileged = new PrivilegedFuzzer(coldTier);
  }

  async fuzz(form: InstructionForm, seed: number, cases: number): Promise<FormResult> {
    const results: Omit<FormResult, "form">[] = [];
    // Control registers of floats exist in a process as well.
    if (!isPrivileged(form) || form.row.extension === "zicsr") {
      const { differences, ...counts } = await this.#rows.fuzz(form, seed, cases);
      const found = differences.map(({ oracles, lines, site }): FoundDifference => {
        return { oracles, lines, failing: { kind: "row", site } };
      });
      results.push({ ...counts, differences: found });
    }
    if (isPrivileged(form)) {
      const { differences, ...counts } = this.#privileged.fuzz(form, seed, cases);
      const found = differences.map(({ oracles, lines, site }): FoundDifference => {
        return { oracles, lines, failing: { kind: "privileged", site } };
      });
      results.push({ ...counts, regions: counts.sites, onQemu: 0, differences: found });
    }
    return results.reduce<FormResult>(
      (sum, { sites, regions, cases: count, onQemu, differences }) => {
        return {
          form,
          sites: sum.sites + sites,
          regions: sum.regions + regions,
          cases: sum.cases + count,
          onQemu: sum.onQemu + onQemu,
          differences: [...sum.differences, ...differences],
        };
      },
      { form, sites: 0, regions: 0, cases: 0, onQemu: 0, differences: [] },
    );
  }
}

/** Runs the fuzzer. */
export async function fuzzRows(options: FuzzOptions): Promise<FuzzSummary> {
  const { seed, count, only, say, coldTier, usesQemu, saves } = options;
  const qemu = usesQemu ? await fetchQemuUser(say) : await cachedQemuUser();
  const folder = await Deno.makeTempDir({ prefix: "weft_rows_" });
  try {
    const oracle = qemu === null || !usesQemu ? null : new QemuOracle(qemu, folder);
    const fuzzer = new FormFuzzer(coldTier, oracle);
    const results: FormResult[] = [];
    let failures = 0;
    for (const form of instructionForms()) {
      if (only !== null && !only.test(form.name)) continue;
      const result = await fuzzer.fuzz(form, seed, count);
      results.push(result);
      failures += result.differences.length;
      for (const difference of result.differences.slice(0, REPORTED)) {
        await report(difference, form, options, saves);
      }
      if (failures > 0 && options.stopsAtFirst) break;
    }
    const version = oracle === null || qemu === null ? "QEMU left out" : await qemu.version();
    return { failures, section: "Instructions", body: body(results, options, version) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function report(
  { oracles, lines, failing }: FoundDifference,
  { name }: InstructionForm,
  { seed, count, say }: FuzzOptions,
  saves: boolean,
): Promise<void> {
  const command = `deno task fuzz rows ${seed} ${count} --only='^${name.replaceAll(".", "\\.")}$'`;
  say(`${name}: ${oracles} disagree: ${lines.join("; ")}`);
  say(`  again: ${command}`);
  if (!saves) return;
  say(`  saved: ${await saveRegression({ command, lines: [oracles, ...lines], failing }, name)}`);
}

function body(results: readonly FormResult[], { seed, count }: FuzzOptions, qemu: string): string {
  const rows = results.map(({ form, sites, regions, cases, onQemu, differences }) => {
    return [`\`${form.name}\``, form.extension, sites, regions, cases, onQemu, differences.length];
  });
  const sum = (of: (result: FormResult) => number): number =>
    results.reduce((total, result) => total + of(result), 0);
  const total = [
    `${results.length} forms`,
    "",
    sum(({ sites }) => sites),
    sum(({ regions }) => regions),
    sum(({ cases }) => cases),
    sum(({ onQemu }) => onQemu),
    sum(({ differences }) => differences.length),
  ];
  return [
    `\`deno task fuzz rows ${seed} ${count} --record\``,
    "",
    `Every case runs in the cold tier, in the hot tier and in the reference interpreter; those in the column of`,
    `QEMU also under ${qemu}. Privileged instructions have no meaning in a process and are compared three ways.`,
    "",
    markdownTable([
      [
        "form",
        "extension",
        "encodings",
        "with a region",
        "cases",
        "of these on QEMU",
        "differences",
      ],
      total,
      ...rows,
    ]),
  ].join("\n");
}
