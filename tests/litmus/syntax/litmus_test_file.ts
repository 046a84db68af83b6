/**
 * Reads a litmus test: the subset of herd's RISC-V format that the laboratory runs.
 *
 * ```text
 * RISCV MP
 * "a quoted line, free text"
 * RVWMO=allowed
 * { uint64_t x; uint64_t y=2; 0:x5=x; 1:x6=3; }
 *  P0         | P1         ;
 *  sw x6,0(x5)| lw x6,0(x5);
 * locations [x;]
 * exists (1:x6=1)
 * ```
 *
 * A location without a type has 4 bytes. `(* ... *)` is a comment.
 */
import { type Condition, namesOf, observedName, parseCondition } from "./condition.ts";
import type { PlacedInstruction, ThreadProgram } from "./instruction.ts";
import { parseInstruction, parseInteger, parseRegister } from "./instruction_parser.ts";
import { SourceText } from "./source_error.ts";

/** An initial value: an integer, or the address of a location. */
export type InitialValue = bigint | { readonly location: string };

/** A variable in memory. */
export interface Location {
  readonly name: string;
  readonly bytes: number;
  readonly initial: InitialValue;
}

/** A test. */
export interface LitmusTest {
  readonly name: string;
  /** Lines of the header of the form `Key=Value`. */
  readonly properties: ReadonlyMap<string, string>;
  readonly locations: readonly Location[];
  /** Initial registers of each thread. */
  readonly registers: readonly ReadonlyMap<number, InitialValue>[];
  readonly threads: readonly ThreadProgram[];
  readonly condition: Condition;
  /** Names in final states: those of the condition, then those of `locations`. */
  readonly observed: readonly string[];
}

const TYPE_BYTES: Readonly<Record<string, number>> = {
  int: 4,
  uint8_t: 1,
  int8_t: 1,
  uint16_t: 2,
  int16_t: 2,
  uint32_t: 4,
  int32_t: 4,
  uint64_t: 8,
  int64_t: 8,
};
const DEFAULT_BYTES = 4;
const BITS_PER_BYTE = 8;

/** Comments become blanks, so that places stay. */
function withoutComments(text: string): string {
  return text.replaceAll(/\(\*[^]*?\*\)/g, (comment) => comment.replaceAll(/[^\n]/g, " "));
}

interface Header {
  readonly name: string;
  readonly properties: ReadonlyMap<string, string>;
}

function parseHeader(source: SourceText): Header {
  const [first, ...lines] = source.split("\n").map((line) => line.trim());
  const name = /^RISCV\s+(\S+)$/.exec(first.text)?.[1];
  if (name === undefined) return first.fail(`the first line is "RISCV NAME"`);
  const properties = new Map<string, string>();
  for (const line of lines) {
    if (line.text === "" || /^".*"$/.test(line.text)) continue;
    const property = /^([\w-]+)=(.*)$/.exec(line.text);
    if (property === null) {
      return line.fail(`"${line.text}" is neither a quoted text nor Key=Value`);
    }
    properties.set(property[1], property[2].trim());
  }
  return { name, properties };
}

/** What stands between the braces. */
class InitialState {
  readonly locations = new Map<string, Location>();
  readonly registers: Map<number, InitialValue>[] = [];

  constructor(source: SourceText) {
    for (const item of source.split(";").map((part) => part.trim())) {
      if (item.text !== "") this.#parse(item);
    }
    this.#checkTargets(source);
  }

  #parse(item: SourceText): void {
    const register = /^(\d+):(\w+)\s*=\s*/.exec(item.text);
    if (register === null) return this.#parseLocation(item);
    const at = register[1].length + 1;
    const number = parseRegister(item.slice(at, at + register[2].length));
    const value = this.#value(item.slice(register[0].length));
    (this.registers[Number(register[1])] ??= new Map()).set(number, value);
  }

  #parseLocation(item: SourceText): void {
    const found = /^(?:(\w+)\s+)?([A-Za-z_]\w*)\s*(=\s*)?/.exec(item.text);
    if (found === null) return item.fail(`"${item.text}" is no initial value`);
    const [all, type, name, equals] = found;
    if (type !== undefined && !Object.hasOwn(TYPE_BYTES, type)) item.fail(`no type "${type}"`);
    if (equals === undefined && all.length < item.text.length) {
      item.fail(`"${item.text}" is no initial value`);
    }
    const bytes = type === undefined ? DEFAULT_BYTES : TYPE_BYTES[type];
    const initial = equals === undefined ? 0n : this.#value(item.slice(all.length));
    this.locations.set(name, {
      name,
      bytes,
      initial: typeof initial === "bigint"
        ? BigInt.asUintN(bytes * BITS_PER_BYTE, initial)
        : initial,
    });
  }

  /** The address of a location that is not declared declares it. */
  #value(text: SourceText): InitialValue {
    if (!/^&?[A-Za-z_]\w*$/.test(text.text)) return parseInteger(text);
    return { location: text.text.replace("&", "") };
  }

  #checkTargets(source: SourceText): void {
    const values = [
      ...[...this.locations.values()].map(({ initial }) => initial),
      ...this.registers.flatMap((registers) => [...registers?.values() ?? []]),
    ];
    for (const value of values) {
      if (typeof value === "bigint" || this.locations.has(value.location)) continue;
      if (!/^\w+$/.test(value.location)) source.fail(`no location "${value.location}"`);
      const { location: name } = value;
      this.locations.set(name, { name, bytes: DEFAULT_BYTES, initial: 0n });
    }
  }
}

/** The columns of the program. */
class ProgramParser {
  readonly instructions: PlacedInstruction[][];
  readonly labels: Map<string, number>[];

  constructor(heading: SourceText) {
    const names = heading.split("|").map((cell) => cell.trim());
    names.forEach((cell, index) => {
      if (cell.text !== `P${index}`) cell.fail(`column ${index} is headed P${index}`);
    });
    this.instructions = names.map(() => []);
    this.labels = names.map(() => new Map());
  }

  addRow(row: SourceText): void {
    const cells = row.split("|");
    if (cells.length !== this.instructions.length) {
      row.fail(`the row has ${cells.length} cells, not ${this.instructions.length}`);
    }
    cells.forEach((cell, thread) => this.#addCell(cell.trim(), thread));
  }

  #addCell(cell: SourceText, thread: number): void {
    const label = /^([A-Za-z_]\w*):\s*/.exec(cell.text);
    if (label !== null) {
      if (this.labels[thread].has(label[1])) cell.fail(`label "${label[1]}" is there already`);
      this.labels[thread].set(label[1], this.instructions[thread].length);
      return this.#addCell(cell.slice(label[0].length), thread);
    }
    if (cell.text === "") return;
    const { text, line, column } = cell;
    this.instructions[thread].push({ instruction: parseInstruction(cell), text, line, column });
  }

  threads(): ThreadProgram[] {
    return this.instructions.map((instructions, thread) => {
      const labels = this.labels[thread];
      for (const { instruction, text, line, column } of instructions) {
        const isJump = instruction.kind === "branch" || instruction.kind === "jump";
        if (!isJump || labels.has(instruction.label)) continue;
        const { label } = instruction;
        new SourceText(text, line, column).fail(`no label "${label}"`, text.lastIndexOf(label));
      }
      return { instructions, labels };
    });
  }
}

function parseProgram(source: SourceText): ThreadProgram[] {
  const rows = source.split(";");
  const rest = rows.pop()?.trim();
  if (rest !== undefined && rest.text !== "") rest.fail("a row of the program ends with ;");
  if (rows.length === 0) return source.fail("there is no program");
  const parser = new ProgramParser(rows[0].trim());
  for (const row of rows.slice(1)) parser.addRow(row.trim());
  return parser.threads();
}

function parseObserved(source: SourceText): string[] {
  return source.split(";").map((item) => item.trim()).filter(({ text }) => text !== "")
    .map((item) => observedName(item, item.text));
}

/** Where the program ends: at the condition, or `locations [...]` before it. */
const QUESTION = /^[ \t]*(?:locations\s*\[([^\]]*)\]\s*|(?=(?:exists|forall|~\s*exists)\b))/m;

/** Reads a test. @throws {LitmusSyntaxError} */
export function parseLitmusTest(text: string): LitmusTest {
  const source = new SourceText(withoutComments(text), 1, 1);
  const open = source.text.indexOf("{");
  const close = source.text.indexOf("}", open);
  if (open < 0 || close < 0) source.trim().fail("there is no initial state in { }");
  const header = parseHeader(source.slice(0, open).trim());
  const state = new InitialState(source.slice(open + 1, close));
  const body = source.slice(close + 1);
  const question = QUESTION.exec(body.text);
  if (question === null) return body.trim().fail("the test ends with exists, forall or ~exists");
  const threads = parseProgram(body.slice(0, question.index).trim());
  const condition = parseCondition(body.slice(question.index + question[0].length).trim());
  const listed = question[1] === undefined
    ? []
    : parseObserved(body.slice(question.index + question[0].indexOf("[") + 1).withEnd("]"));
  const observed = [...new Set([...namesOf(condition.proposition), ...listed])];
  const test = {
    ...header,
    locations: [...state.locations.values()],
    registers: threads.map((_, thread) => state.registers[thread] ?? new Map()),
    threads,
    condition,
    observed,
  };
  checkNames(test, body);
  return test;
}

function checkNames({ observed, threads, locations }: LitmusTest, body: SourceText): void {
  for (const name of observed) {
    const thread = /^(\d+):/.exec(name)?.[1];
    const isKnown = thread === undefined
      ? locations.some((location) => location.name === name)
      : Number(thread) < threads.length;
    if (!isKnown) body.fail(`"${name}" is observed, and there is no such thing`);
  }
}
