/**
 * One test for each golden file under this folder. Files hold expectations of structure, never results of
 * another machine, so they may be rewritten: `deno task test:bless`.
 */
import { assertEquals, assertThrows } from "@std/assert";
import { type FileTest, parseFileTest, withExpectation } from "./filetest.ts";
import { FILE_TEST_KINDS } from "./kinds.ts";

const FOLDER = new URL("./", import.meta.url);
const SUFFIX = ".irtest";
const BLESS_VARIABLE = "WEFT_BLESS";
const BLESS_HINT = "If the new text is right, accept it with: deno task test:bless";

function* goldenFiles(folder: URL): Generator<URL> {
  const entries = [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1);
  for (const { name, isDirectory } of entries) {
    if (isDirectory) yield* goldenFiles(new URL(`${name}/`, folder));
    else if (name.endsWith(SUFFIX)) yield new URL(name, folder);
  }
}

async function makeExpected(test: FileTest): Promise<string> {
  const kind = FILE_TEST_KINDS.get(test.kind);
  if (kind === undefined) {
    const known = [...FILE_TEST_KINDS.keys()].join(", ");
    throw new RangeError(`Cannot run ${test.path}: kind "${test.kind}" is none of ${known}`);
  }
  return await kind(test);
}

async function checkFile(file: URL, path: string): Promise<void> {
  const test = parseFileTest(path, Deno.readTextFileSync(file));
  const actual = await makeExpected(test);
  if (Deno.env.get(BLESS_VARIABLE) === "1") {
    Deno.writeTextFileSync(file, withExpectation(test, actual));
    return;
  }
  assertEquals(actual, test.expected, `${path} does not hold what is made of it. ${BLESS_HINT}`);
}

for (const file of goldenFiles(FOLDER)) {
  const path = file.pathname.slice(FOLDER.pathname.length);
  Deno.test(`golden file ${path}`, () => checkFile(file, path));
}

const EXAMPLE =
  "; test verify a=1 b=x,y\n; About.\nhandler @h {\n}\n\n; expect:\n; one\n;\n; two\n";

Deno.test("parseFileTest() takes a golden file apart", () => {
  const test = parseFileTest("example", EXAMPLE);
  assertEquals(test.kind, "verify");
  assertEquals([...test.options], [["a", "1"], ["b", "x,y"]]);
  assertEquals(test.expected, "one\n\ntwo\n");
  assertThrows(() => parseFileTest("example", "handler"), SyntaxError, "Cannot read example");
});

Deno.test("withExpectation() is the inverse of parseFileTest()", () => {
  const test = parseFileTest("example", EXAMPLE);
  assertEquals(withExpectation(test, test.expected), EXAMPLE);
  const changed = withExpectation(test, "three\n");
  assertEquals(parseFileTest("example", changed).expected, "three\n");
});
