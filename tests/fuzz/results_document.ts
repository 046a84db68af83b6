/**
 * `tests/fuzz/RESULTS.md`: what the last recorded runs of the fuzzers gave, a section each. A run with `--record`
 * replaces its section.
 */
const FILE = new URL("./RESULTS.md", import.meta.url);

const HEAD = `# Results of the fuzzers

Written by the commands below each heading; see \`tests/fuzz/README.md\`. A difference is a case about which two
of the named oracles disagree; the number wanted is 0.
`;

/** Titles of the sections, in their order. */
export const SECTIONS = [
  "Instructions",
  "Programs",
  "Address translation",
  "Virtio rings",
  "Shared folders",
  "Mutations",
] as const;

/** Title of a section. */
export type Section = typeof SECTIONS[number];

/** A table in the notation of the document. */
export function markdownTable(rows: readonly (readonly (string | number)[])[]): string {
  const [head, ...body] = rows;
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...body.map(line)].join("\n");
}

function parseSections(text: string): Map<string, string> {
  const sections = new Map<string, string>();
  for (const part of text.split(/^## /m).slice(1)) {
    const [title, ...lines] = part.split("\n");
    sections.set(title, lines.join("\n").trim());
  }
  return sections;
}

/** Replaces a section. */
export async function recordSection(section: Section, body: string): Promise<void> {
  const sections = parseSections(await Deno.readTextFile(FILE).catch(() => ""));
  sections.set(section, body.trim());
  const parts = SECTIONS.flatMap((title) => {
    const text = sections.get(title);
    return text === undefined ? [] : [`## ${title}\n\n${text}\n`];
  });
  await Deno.writeTextFile(FILE, [HEAD, ...parts].join("\n"));
}
