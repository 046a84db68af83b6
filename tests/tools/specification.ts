/**
 * Reads which tests a document names as evidence: table cells of the form `` `path` "name of the test" ``, or a
 * path alone for all tests of a file.
 */

/** A test that a document names. */
export interface Evidence {
  /** Path from the repository's root. */
  readonly path: string;
  /** Name as it stands in the test's source; null when the whole file is meant. */
  readonly name: string | null;
}

/** A row of a table in a document. */
export interface Promised {
  /** First cell. */
  readonly promise: string;
  /** What its last cell names. */
  readonly evidence: readonly Evidence[];
}

const EVIDENCE = /`([\w./-]+)`(?: "((?:[^"\\|]|\\.)+)")?/g;
const RULE = /^\|[\s|:-]+\|$/;

/** Rows of the tables whose last column is headed `test`. */
export function readPromises(markdown: string): Promised[] {
  const lines = markdown.split("\n");
  const rows: Promised[] = [];
  let isEvidence = false;
  lines.forEach((line, index) => {
    if (!line.startsWith("|")) isEvidence = false;
    else if (RULE.test(lines[index + 1] ?? "")) isEvidence = cells(line).at(-1) === "test";
    else if (isEvidence && !RULE.test(line)) rows.push(readRow(line));
  });
  return rows;
}

function readRow(line: string): Promised {
  const row = cells(line);
  const evidence = [...(row.at(-1) ?? "").matchAll(EVIDENCE)].map(([, path, name]) => ({
    path,
    name: name ?? null,
  }));
  return { promise: row[0], evidence };
}

function cells(line: string): string[] {
  return line.split("|").slice(1, -1).map((cell) => cell.trim());
}

/** What is wrong with the evidence of a row: a file that is missing or has no such test. */
export async function problemsOf(
  { promise, evidence }: Promised,
  read: (path: string) => Promise<string | null>,
): Promise<string[]> {
  if (evidence.length === 0) return [`"${promise}" names no test`];
  const problems: string[] = [];
  for (const { path, name } of evidence) {
    const source = await read(path);
    if (source === null) problems.push(`"${promise}": there is no file ${path}`);
    else if (!source.includes("Deno.test(")) problems.push(`"${promise}": ${path} has no tests`);
    else if (name !== null && !hasTest(source, name)) {
      problems.push(`"${promise}": ${path} has no test "${name}"`);
    }
  }
  return problems;
}

function hasTest(source: string, name: string): boolean {
  return ['"', "`", "'"].some((quote) => source.includes(`${quote}${name}${quote}`));
}
