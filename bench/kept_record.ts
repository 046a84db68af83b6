// Records that stay: the last of each kind, as JSON and as a section of the results.

import { replaceSection } from "./render.ts";

const RECORDS = new URL("results/", import.meta.url);
const RESULTS = new URL("RESULTS.md", import.meta.url);

/** Puts a record into bench/results/ and its text into RESULTS.md, where they take the place of the last. */
export async function keepRecord(record: { readonly kind: string }, text: string): Promise<void> {
  const path = new URL(`${record.kind}.json`, RECORDS);
  await Deno.writeTextFile(path, JSON.stringify(record, null, 2) + "\n");
  const document = await Deno.readTextFile(RESULTS);
  await Deno.writeTextFile(RESULTS, replaceSection(document, record.kind, text));
}

/** Puts the picture of a record of this kind beside it. */
export async function keepPlot(kind: string, svg: string): Promise<void> {
  await Deno.writeTextFile(new URL(`${kind}.svg`, RECORDS), svg);
}
