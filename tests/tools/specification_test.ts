/** Every promise of the documents is bound to a test that exists. */

import { assert, assertEquals } from "@std/assert";
import { problemsOf, type Promised, readPromises } from "./specification.ts";

const ROOT = new URL("../../", import.meta.url);
const PROTOCOLS = new URL("docs/protocols/", ROOT);

async function readSource(path: string): Promise<string | null> {
  try {
    return await Deno.readTextFile(new URL(path, ROOT));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

async function problemsIn(promises: readonly Promised[]): Promise<string[]> {
  return (await Promise.all(promises.map((promise) => problemsOf(promise, readSource)))).flat();
}

Deno.test("each promise of SPECIFICATION.md names a test that exists", async () => {
  const promises = readPromises(await Deno.readTextFile(new URL("SPECIFICATION.md", ROOT)));
  assert(promises.length > 0);
  assertEquals(await problemsIn(promises), []);
});

Deno.test("each protocol page names its evidence", async () => {
  for await (const { name } of Deno.readDir(PROTOCOLS)) {
    if (name === "README.md") continue;
    const page = await Deno.readTextFile(new URL(name, PROTOCOLS));
    for (const heading of ["Requirement", "Solution", "Limitation", "Evidence"]) {
      assert(page.includes(`\n## ${heading}\n`), `${name} has no section "${heading}"`);
    }
    const promises = readPromises(page);
    assert(promises.length > 0, `${name} names no evidence`);
    assertEquals(await problemsIn(promises), [], name);
  }
});

Deno.test("evidence that is not there is found", async () => {
  const rows = readPromises([
    "| promise | test |",
    "| --- | --- |",
    '| kept | `a_test.ts` "a name" |',
    "| whole file | `a_test.ts` |",
    '| other name | `a_test.ts` "another name" |',
    "| no file | `b_test.ts` |",
    "| nothing | later |",
    "",
    "| not | evidence |",
    "| --- | --- |",
    "| x | y |",
  ].join("\n"));
  assertEquals(rows.map(({ promise }) => promise), [
    "kept",
    "whole file",
    "other name",
    "no file",
    "nothing",
  ]);
  const read = (path: string) =>
    Promise.resolve(path === "a_test.ts" ? 'Deno.test("a name", run)' : null);
  const problems = (await Promise.all(rows.map((row) => problemsOf(row, read)))).flat();
  assertEquals(problems, [
    '"other name": a_test.ts has no test "another name"',
    '"no file": there is no file b_test.ts',
    '"nothing" names no test',
  ]);
});
