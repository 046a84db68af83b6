/**
 * Golden files: input and expectation in one file.
 *
 * ```text
 * ; test optimize passes=dead_code
 * ; What the case is about.
 * ...input...
 * ; expect:
 * ; ...what the test of that kind makes of the input...
 * ```
 *
 * The first line names the kind of test and its options. The expectation is the rest of the file after the
 * marker, as comments.
 */

/** One golden file, taken apart. */
export interface FileTest {
  /** Path, for messages. */
  readonly path: string;
  /** Kind of test: a key of the table of kinds. */
  readonly kind: string;
  /** Options of the first line. */
  readonly options: ReadonlyMap<string, string>;
  /** All text before the expectation. */
  readonly input: string;
  /** The expectation without comment marks. */
  readonly expected: string;
}

/** Makes the text that a file is expected to hold. */
export type FileTestKind = (test: FileTest) => string | Promise<string>;

const HEADER = /^; test (\w+)((?: \w+=\S*)*)\n/;
const EXPECTATION_MARK = "; expect:\n";

/**
 * Takes a file apart.
 * @throws {SyntaxError} when its first line is no header.
 */
export function parseFileTest(path: string, text: string): FileTest {
  const header = HEADER.exec(text);
  if (header === null) {
    throw new SyntaxError(`Cannot read ${path}: it does not begin with "; test <kind>"`);
  }
  const options = header[2].trim().split(" ").filter((option) => option !== "")
    .map((option): [string, string] => {
      const at = option.indexOf("=");
      return [option.slice(0, at), option.slice(at + 1)];
    });
  const mark = text.indexOf(EXPECTATION_MARK);
  const [input, expectation] = mark < 0
    ? [text, ""]
    : [text.slice(0, mark), text.slice(mark + EXPECTATION_MARK.length)];
  return {
    path,
    kind: header[1],
    options: new Map(options),
    input,
    expected: expectation.replaceAll(/^; ?/gm, ""),
  };
}

/** The file with another expectation. */
export function withExpectation({ input }: FileTest, expected: string): string {
  const comments = expected.replaceAll(/^(?=.)/gm, "; ").replaceAll(/^(?=\n)/gm, ";");
  return `${input.trimEnd()}\n\n${EXPECTATION_MARK}${comments}`;
}
