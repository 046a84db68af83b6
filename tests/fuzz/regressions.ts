/**
 * Failures that the fuzzers found, made small, one file each in `regressions/`: the tests replay them all. A file
 * stays when its failure is repaired.
 */
import type { HotVariant } from "../differential/differential_run.ts";
import type { GeneratedProgram } from "../differential/program_features.ts";
import type { MmuScript } from "./mmu/mmu_script.ts";
import type { PrivilegedSite } from "./rows/privileged_case.ts";
import type { Site } from "./rows/site.ts";

/** A variant of a program's run, passes by name. */
export type NamedVariant = Omit<HotVariant, "passes"> & { readonly passes: readonly string[] };

/** What failed. */
export type FailingCase =
  | { readonly kind: "row"; readonly site: Site }
  | { readonly kind: "privileged"; readonly site: PrivilegedSite }
  | {
    readonly kind: "program";
    readonly program: GeneratedProgram;
    readonly variant: NamedVariant;
  }
  | { readonly kind: "mmu"; readonly script: MmuScript };

/** A failure on file. */
export interface Regression {
  /** How it was found: the command that finds it again. */
  readonly command: string;
  /** What it showed when it was found. */
  readonly lines: readonly string[];
  /** The case. */
  readonly failing: FailingCase;
}

const FOLDER = new URL("./regressions/", import.meta.url);
const BIG = "big:";
const NAME_DIGITS = 8;

function replaceBig(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? BIG + value.toString() : value;
}

function reviveBig(_key: string, value: unknown): unknown {
  return typeof value === "string" && value.startsWith(BIG)
    ? BigInt(value.slice(BIG.length))
    : value;
}

/** Text of a failure. */
export function regressionText(regression: Regression): string {
  return JSON.stringify(regression, replaceBig, 1) + "\n";
}

/** A failure from its text. */
export function parseRegression(text: string): Regression {
  return JSON.parse(text, reviveBig) as Regression;
}

/** Writes a failure down. @returns the file's path */
export async function saveRegression(regression: Regression, name: string): Promise<string> {
  const text = regressionText(regression);
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  const digits = new Uint8Array(hash).toHex().slice(0, NAME_DIGITS);
  const safe = name.replaceAll(/[^a-z0-9]+/g, "_");
  const file = new URL(`${regression.failing.kind}_${safe}_${digits}.json`, FOLDER);
  await Deno.writeTextFile(file, text);
  return file.pathname;
}

/** All failures on file. */
export async function savedRegressions(): Promise<{ name: string; regression: Regression }[]> {
  const found: { name: string; regression: Regression }[] = [];
  for await (const { name } of Deno.readDir(FOLDER)) {
    if (!name.endsWith(".json")) continue;
    const text = await Deno.readTextFile(new URL(name, FOLDER));
    found.push({ name, regression: parseRegression(text) });
  }
  return found.sort((a, b) => a.name < b.name ? -1 : 1);
}
