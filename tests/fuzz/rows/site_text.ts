/** Sites as JSON: registers in hexadecimal, since JSON has no numbers of 64 bits. */
import type { CaseInput, Site } from "./site.ts";

type TextCase = { x: string[]; f: string[]; fcsr: number; memory: string[] };

/** A site as JSON can hold it. */
export type TextSite = Omit<Site, "cases"> & { readonly cases: readonly TextCase[] };

function toHex(values: readonly bigint[]): string[] {
  return values.map((value) => value.toString(16));
}

function fromHex(values: readonly string[]): bigint[] {
  return values.map((value) => BigInt(`0x${value}`));
}

/** For JSON. */
export function toTextSite(site: Site): TextSite {
  const cases = site.cases.map(({ x, f, fcsr, memory }) => {
    return { x: toHex(x), f: toHex(f), fcsr, memory: toHex(memory) };
  });
  return { ...site, cases };
}

/** From JSON. */
export function fromTextSite(site: TextSite): Site {
  const cases = site.cases.map(({ x, f, fcsr, memory }): CaseInput => {
    return { x: fromHex(x), f: fromHex(f), fcsr, memory: fromHex(memory) };
  });
  return { ...site, cases };
}
