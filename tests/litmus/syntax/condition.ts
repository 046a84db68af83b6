/**
 * Final states and what a test asks of them: `exists (0:x7=0 /\ 1:x7=0)`.
 *
 * A final state is a map from the names of what is observed, `0:x7` for a register, `x` for a location and
 * `PTE(v)` for the flags of a page's entry, to values as text: an integer, or the name of a location whose
 * address it is.
 */
import { parseInteger, parseRegister } from "./instruction_parser.ts";
import type { SourceText } from "./source_error.ts";

/** What a final state assigns to each observed name. */
export type Outcome = ReadonlyMap<string, string>;

/** A proposition over final states. */
export type Proposition =
  | { readonly kind: "equals"; readonly name: string; readonly value: string }
  | { readonly kind: "not"; readonly operand: Proposition }
  | { readonly kind: "and" | "or"; readonly operands: readonly Proposition[] };

/** How the proposition is meant. */
export type Quantifier = "exists" | "forall" | "~exists";

/** A test's question. */
export interface Condition {
  readonly quantifier: Quantifier;
  readonly proposition: Proposition;
}

const TOKEN = /\s*(\/\\|\\\/|~|not\b|\(|\)|=|\[|\]|[-+\w:.]+)/y;

class PropositionParser {
  readonly #source: SourceText;
  #position = 0;

  constructor(source: SourceText) {
    this.#source = source;
  }

  parse(): Proposition {
    const proposition = this.#alternatives();
    if (this.#peek() !== "") this.#fail(`"${this.#peek()}" is not expected here`);
    return proposition;
  }

  #match(): RegExpExecArray | null {
    TOKEN.lastIndex = this.#position;
    return TOKEN.exec(this.#source.text);
  }

  #peek(): string {
    const found = this.#match();
    if (found !== null) return found[1];
    if (this.#source.text.slice(this.#position).trim() === "") return "";
    return this.#fail("a name, a value or an operator is expected");
  }

  #take(): string {
    const token = this.#peek();
    this.#position = this.#match() === null ? this.#position : TOKEN.lastIndex;
    return token;
  }

  #expect(token: string): void {
    if (this.#peek() !== token) this.#fail(`"${token}" is expected, not "${this.#peek()}"`);
    this.#take();
  }

  #fail(problem: string): never {
    const rest = this.#source.text.slice(this.#position);
    return this.#source.fail(problem, this.#position + rest.length - rest.trimStart().length);
  }

  #alternatives(): Proposition {
    const operands = [this.#conjunction()];
    while (this.#peek() === "\\/") {
      this.#take();
      operands.push(this.#conjunction());
    }
    return operands.length === 1 ? operands[0] : { kind: "or", operands };
  }

  #conjunction(): Proposition {
    const operands = [this.#term()];
    while (this.#peek() === "/\\") {
      this.#take();
      operands.push(this.#term());
    }
    return operands.length === 1 ? operands[0] : { kind: "and", operands };
  }

  #term(): Proposition {
    const token = this.#peek();
    if (token === "~" || token === "not") {
      this.#take();
      return { kind: "not", operand: this.#term() };
    }
    if (token === "(") {
      this.#take();
      const inner = this.#alternatives();
      this.#expect(")");
      return inner;
    }
    return this.#equation();
  }

  #equation(): Proposition {
    const isBracketed = this.#peek() === "[";
    if (isBracketed) this.#take();
    const name = this.#name();
    if (isBracketed) this.#expect("]");
    this.#expect("=");
    return { kind: "equals", name, value: this.#value() };
  }

  #name(): string {
    const at = this.#position;
    let token = this.#take();
    if (token === "PTE") {
      this.#expect("(");
      token = `PTE(${this.#take()})`;
      this.#expect(")");
    }
    return observedName(this.#source.slice(at, this.#position).trim(), token);
  }

  #value(): string {
    const at = this.#position;
    const token = this.#take();
    const place = this.#source.slice(at, this.#position).trim();
    return /^[A-Za-z_]/.test(token) ? token : String(parseInteger(place));
  }
}

/** The canonical name of something observed: registers by number. */
export function observedName(place: SourceText, text: string): string {
  const register = /^(\d+):(\w+)$/.exec(text);
  if (register !== null) {
    const number = parseRegister(place.slice(register[1].length + 1));
    return `${Number(register[1])}:x${number}`;
  }
  if (/^(?:[A-Za-z_]\w*|PTE\([A-Za-z_]\w*\))$/.test(text)) return text;
  return place.fail(`"${text}" is neither a location nor a thread's register like 0:x5`);
}

/** Reads a condition with its quantifier. */
export function parseCondition(source: SourceText): Condition {
  const found = /^(exists|forall|~\s*exists)\b/.exec(source.text);
  if (found === null) return source.fail("the test ends with exists, forall or ~exists");
  const quantifier = found[1].replaceAll(/\s/g, "") as Quantifier;
  return { quantifier, proposition: parseProposition(source.slice(found[0].length)) };
}

/** Reads a proposition. */
export function parseProposition(source: SourceText): Proposition {
  return new PropositionParser(source).parse();
}

/** Is the proposition true of a final state? */
export function holds(proposition: Proposition, outcome: Outcome): boolean {
  switch (proposition.kind) {
    case "equals":
      return outcome.get(proposition.name) === proposition.value;
    case "not":
      return !holds(proposition.operand, outcome);
    case "and":
      return proposition.operands.every((operand) => holds(operand, outcome));
    case "or":
      return proposition.operands.some((operand) => holds(operand, outcome));
  }
}

/** Names that a proposition speaks of, in the order of their first use. */
export function namesOf(proposition: Proposition): string[] {
  switch (proposition.kind) {
    case "equals":
      return [proposition.name];
    case "not":
      return namesOf(proposition.operand);
    default:
      return [...new Set(proposition.operands.flatMap(namesOf))];
  }
}

/** Text of a final state; equal states have equal texts. */
export function formatOutcome(outcome: Outcome): string {
  return [...outcome].map(([name, value]) => `${name}=${value}`).join("; ");
}
