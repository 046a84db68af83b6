/** The tests in `shapes/`: one file for each, in a folder for each family. */
import { type LitmusTest, parseLitmusTest } from "./syntax/litmus_test_file.ts";
import { LitmusSyntaxError } from "./syntax/source_error.ts";

/** A memory model that tests state an expectation for. */
export const EXPECTED_MODELS = ["RVWMO", "TSO"] as const;
/** Its name. */
export type ExpectedModel = (typeof EXPECTED_MODELS)[number];

/** A test with what its file promises. */
export interface LibraryTest {
  /** Path in the repository's terms: `family/NAME.litmus`. */
  readonly file: string;
  readonly test: LitmusTest;
  /** May a final state that the condition names be seen? */
  readonly expected: Readonly<Record<ExpectedModel, boolean>>;
}

const SHAPES = new URL("./shapes/", import.meta.url);

/** All tests, by family and name. */
export async function loadLibrary(folder: URL = SHAPES): Promise<LibraryTest[]> {
  const tests: LibraryTest[] = [];
  for await (const family of Deno.readDir(folder)) {
    const inside = new URL(`${family.name}/`, folder);
    for await (const { name } of Deno.readDir(inside)) {
      const text = await Deno.readTextFile(new URL(encodeURIComponent(name), inside));
      tests.push(readTest(`${family.name}/${name}`, text));
    }
  }
  return tests.sort((a, b) => a.file < b.file ? -1 : 1);
}

/** Reads a test with its expectations; errors name the file. */
export function readTest(file: string, text: string): LibraryTest {
  try {
    const test = parseLitmusTest(text);
    const expected = { RVWMO: isAllowed(test, "RVWMO"), TSO: isAllowed(test, "TSO") };
    return { file, test, expected };
  } catch (error) {
    if (!(error instanceof LitmusSyntaxError)) throw error;
    throw new SyntaxError(`${file}:${error.message}`, { cause: error });
  }
}

function isAllowed({ name, properties }: LitmusTest, model: ExpectedModel): boolean {
  const expectation = properties.get(model);
  if (expectation === "allowed" || expectation === "forbidden") return expectation === "allowed";
  throw new SyntaxError(`test ${name} says neither ${model}=allowed nor ${model}=forbidden`);
}

/** The test of that name. @throws {RangeError} when there is none */
export function testNamed(library: readonly LibraryTest[], name: string): LitmusTest {
  const found = library.find(({ test }) => test.name === name);
  if (found === undefined) throw new RangeError(`Cannot find shape "${name}"`);
  return found.test;
}
