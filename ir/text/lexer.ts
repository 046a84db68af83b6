/**
 * Tokens of the text form. Line ends are tokens, because they end statements; comments run from `;` to the
 * end of the line.
 */

/** What a token is. */
export type TokenKind =
  | "word"
  | "number"
  | "value"
  | "variable"
  | "symbol"
  | "mark"
  | "newline"
  | "end";

/** A token with its place. */
export interface Token {
  /** What it is. */
  readonly kind: TokenKind;
  /** Its text without the leading `%`, `$` or `@`, and without quotes. */
  readonly text: string;
  /** Line, from 1. */
  readonly line: number;
  /** Column, from 1. */
  readonly column: number;
}

/** Each alternative is one token kind; the named group that matched tells which. */
const TOKEN = new RegExp(
  [
    String.raw`(?<blank>[ \t\r]+|;[^\n]*)`,
    String.raw`(?<newline>\n)`,
    String.raw`(?<mark>->|[{}()\[\]:,=])`,
    String.raw`(?<number>[+-]?(?:0x[0-9a-f]+|\d+))`,
    String.raw`%(?<value>\d+)`,
    String.raw`\$(?<variable>[A-Za-z_]\w*)`,
    String.raw`@(?<symbol>[\w.]+|"(?:[^"\\\n]|\\.)*")`,
    String.raw`(?<word>[A-Za-z_][\w.+]*)`,
  ].join("|"),
  "y",
);

/**
 * All tokens of a text, the last one of kind `end`.
 * @throws {SyntaxError} at a character that starts no token.
 */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  const pattern = new RegExp(TOKEN);
  let line = 1;
  let lineStart = 0;
  while (pattern.lastIndex < text.length) {
    const start = pattern.lastIndex;
    const place = { line, column: start - lineStart + 1 };
    const groups = pattern.exec(text)?.groups;
    if (groups === undefined) {
      throw syntaxError(place, `unexpected character ${JSON.stringify(text[start])}`);
    }
    if (groups.blank !== undefined) continue;
    tokens.push({ ...tokenOf(groups), ...place });
    if (groups.newline !== undefined) {
      line++;
      lineStart = pattern.lastIndex;
    }
  }
  tokens.push({ kind: "end", text: "", line, column: text.length - lineStart + 1 });
  return tokens;
}

function tokenOf(groups: Record<string, string | undefined>): { kind: TokenKind; text: string } {
  for (const [kind, text] of Object.entries(groups)) {
    if (text === undefined) continue;
    const isQuoted = kind === "symbol" && text.startsWith('"');
    return { kind: kind as TokenKind, text: isQuoted ? JSON.parse(text) : text };
  }
  throw new TypeError("Cannot name a token: no alternative matched");
}

/** An error that tells the place. */
export function syntaxError(place: { line: number; column: number }, problem: string): SyntaxError {
  return new SyntaxError(`Cannot parse IR at ${place.line}:${place.column}: ${problem}`);
}
