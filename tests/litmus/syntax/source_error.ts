/** Errors of a test file, with the place where they are. */

/** A place in a file; both count from 1. */
export interface SourcePlace {
  readonly line: number;
  readonly column: number;
}

/** A file that is no litmus test, or asks for what the laboratory does not have. */
export class LitmusSyntaxError extends SyntaxError {
  override readonly name = "LitmusSyntaxError";

  constructor(readonly place: SourcePlace, readonly problem: string) {
    super(`${place.line}:${place.column}: ${problem}`);
  }
}

/** A piece of a file that knows where it stands. */
export class SourceText {
  constructor(readonly text: string, readonly line: number, readonly column: number) {}

  /** Without white space around it. */
  trim(): SourceText {
    const start = this.text.length - this.text.trimStart().length;
    return this.slice(start).withText(this.text.trim());
  }

  /** From a position of its text on. */
  slice(start: number, end?: number): SourceText {
    const before = this.text.slice(0, start);
    const lines = before.split("\n");
    const column = lines.length === 1 ? this.column + start : lines[lines.length - 1].length + 1;
    return new SourceText(this.text.slice(start, end), this.line + lines.length - 1, column);
  }

  /** The pieces between separators. */
  split(separator: string): SourceText[] {
    let start = 0;
    return this.text.split(separator).map((piece) => {
      const part = this.slice(start, start + piece.length);
      start += piece.length + separator.length;
      return part;
    });
  }

  /** Throws: something is wrong here, `at` characters on. */
  fail(problem: string, at = 0): never {
    const { line, column } = this.slice(at);
    throw new LitmusSyntaxError({ line, column }, problem);
  }

  /** Up to the first such character. */
  withEnd(end: string): SourceText {
    return this.withText(this.text.slice(0, this.text.indexOf(end)));
  }

  private withText(text: string): SourceText {
    return new SourceText(text, this.line, this.column);
  }
}
