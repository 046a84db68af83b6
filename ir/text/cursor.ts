/**
 * Reads tokens one after the other; the small pieces that all parsers of the text form share.
 */
import { VALUE_TYPES, type ValueType } from "../types.ts";
import { syntaxError, type Token, type TokenKind } from "./lexer.ts";

/** A place among tokens. */
export class Cursor {
  readonly #tokens: readonly Token[];
  #at = 0;

  /** Starts at the first token; the last one is of kind `end`. */
  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  /** The current token. */
  get token(): Token {
    return this.#tokens[this.#at];
  }

  /** The token after the current one. */
  get following(): Token {
    return this.#tokens[Math.min(this.#at + 1, this.#tokens.length - 1)];
  }

  /** The tokens from here to the end of the region. */
  regionTokens(): readonly Token[] {
    let end = this.#at;
    while (!isMark(this.#tokens[end], "}") && this.#tokens[end].kind !== "end") end++;
    return this.#tokens.slice(this.#at, end);
  }

  /** Is the current token of that kind, and of that text if one is given? */
  isAt(kind: TokenKind, text?: string): boolean {
    return this.token.kind === kind && (text === undefined || this.token.text === text);
  }

  /** Moves on; gives the token left behind. */
  next(): Token {
    const { token } = this;
    if (token.kind !== "end") this.#at++;
    return token;
  }

  /** Moves on if {@linkcode isAt} holds. */
  accept(kind: TokenKind, text?: string): boolean {
    if (!this.isAt(kind, text)) return false;
    this.next();
    return true;
  }

  /** Moves past a token of that kind. */
  expect(kind: TokenKind, what: string = kind): Token {
    if (!this.isAt(kind)) this.fail(`expected ${what}`);
    return this.next();
  }

  /** Moves past a mark. */
  expectMark(text: string): void {
    if (!this.accept("mark", text)) this.fail(`expected "${text}"`);
  }

  /** Moves past a word. */
  expectWord(text: string): void {
    if (!this.accept("word", text)) this.fail(`expected "${text}"`);
  }

  /** Moves to the next line that holds something. */
  expectNewline(): void {
    if (!this.isAt("end")) this.expect("newline", "end of line");
    this.skipNewlines();
  }

  /** Moves past line ends. */
  skipNewlines(): void {
    while (this.accept("newline"));
  }

  /** Reads a number. */
  number(): number {
    return Number(this.constant());
  }

  /** Reads a number of any size. */
  constant(): bigint {
    const { text } = this.expect("number");
    return text.startsWith("-") ? -BigInt(text.slice(1)) : BigInt(text.replace("+", ""));
  }

  /** Reads a value type. */
  type(): ValueType {
    const type = VALUE_TYPES.find((known) => this.isAt("word", known));
    if (type === undefined) this.fail(`expected a type: ${VALUE_TYPES.join(", ")}`);
    this.next();
    return type;
  }

  /**
   * Gives up at a token.
   * @throws {SyntaxError} always.
   */
  fail(problem: string, token: Token = this.token): never {
    const found = token.kind === "newline" || token.kind === "end"
      ? `end of ${token.kind === "end" ? "text" : "line"}`
      : `"${token.text}"`;
    throw syntaxError(token, `${problem}, found ${found}`);
  }
}

/** Is the token that mark? */
export function isMark(token: Token | undefined, text: string): boolean {
  return token?.kind === "mark" && token.text === text;
}
