/**
 * Fuzzes one instruction form: the same cases in the cold tier, in regions, in the reference interpreter and, when
 * it is at hand, under QEMU.
 */
import { coldTierText } from "../../../runtime/machine/boards/riscv_virt/cold_tier_text.ts";
import { batchImage } from "./batch_image.ts";
import { HartOracle } from "./hart_oracle.ts";
import type { InstructionForm } from "./instruction_forms.ts";
import { InterpreterOracle } from "./interpreter_oracle.ts";
import { asProcess, caseCount } from "./oracle.ts";
import type { QemuOracle } from "./qemu_oracle.ts";
import { type RecordDifference, recordDifferences } from "./record_difference.ts";
import { SiteGenerator } from "./site_generator.ts";
import type { Site } from "./site.ts";

/** Cases of each encoding. */
const CASES_PER_SITE = 32;

/** Two oracles and a case about which they disagree. */
export interface RowDifference extends RecordDifference {
  /** Who disagrees. */
  readonly oracles: string;
}

/** What fuzzing a form gave. */
export interface RowResult {
  /** Mnemonic and extension. */
  readonly name: string;
  readonly extension: string;
  /** Encodings. */
  readonly sites: number;
  /** Encodings whose loop had a region. */
  readonly regions: number;
  /** Cases that the cold tier, the hot tier and the interpreter executed. */
  readonly cases: number;
  /** Cases that QEMU executed as well. */
  readonly onQemu: number;
  /** What was found. */
  readonly differences: readonly RowDifference[];
}

/** The checked-in cold tier. */
export async function coldTierModule(): Promise<WebAssembly.Module> {
  const bytes = Uint8Array.fromBase64((await coldTierText()).replaceAll("\n", ""));
  return new WebAssembly.Module(bytes);
}

/** See the header of this file. */
export class RowFuzzer {
  readonly #hart: HartOracle;
  readonly #interpreter = new InterpreterOracle();
  readonly #qemu: QemuOracle | null;

  /** Without QEMU three oracles are left. */
  constructor(coldTier: WebAssembly.Module, qemu: QemuOracle | null) {
    this.#hart = new HartOracle(coldTier);
    this.#qemu = qemu;
  }

  /** Fuzzes a form with at least so many cases. */
  async fuzz(
    { name, extension, ...form }: InstructionForm,
    seed: number,
    cases: number,
  ): Promise<RowResult> {
    const counts = { sites: Math.ceil(cases / CASES_PER_SITE), casesPerSite: CASES_PER_SITE };
    const sites = new SiteGenerator(seed).sites({ name, extension, ...form }, counts);
    const compared = sites.filter(({ onQemu }) => onQemu);
    return {
      name,
      extension,
      sites: sites.length,
      cases: caseCount(sites),
      onQemu: this.#qemu === null ? 0 : caseCount(compared),
      ...(sites.length === 0 ? { regions: 0, differences: [] } : await this.compare(sites)),
    };
  }

  /** All differences of these sites. */
  async compare(sites: readonly Site[]): Promise<Pick<RowResult, "regions" | "differences">> {
    const batch = { sites, image: batchImage(sites) };
    const { cold, hot, regions } = this.#hart.run(batch);
    const reference = this.#interpreter.run(batch);
    const between = (oracles: string, list: readonly RecordDifference[]): RowDifference[] =>
      list.map((difference) => ({ oracles, ...difference }));
    const found = [
      ...between("cold tier, hot tier", recordDifferences(sites, cold, hot)),
      ...between("cold tier, interpreter", recordDifferences(sites, cold, reference)),
    ];
    const onQemu = sites.filter((site) => site.onQemu);
    if (this.#qemu === null || onQemu.length === 0) return { regions, differences: found };
    const process = await this.#qemu.run({ sites: onQemu, image: batchImage(onQemu) });
    const own = asProcess(cold);
    const apart = between("cold tier, QEMU", recordDifferences(onQemu, own, process));
    return { regions, differences: [...found, ...apart] };
  }
}
