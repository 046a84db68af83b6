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
import { InitialState, type InitialValue, type Location, type Page } from "./initial_state.ts";
import { parseInstruction } from "./instruction_parser.ts";
import { SourceText } from "./source_error.ts";

/** A test. */
export interface LitmusTest {
  readonly name: string;
  /** Lines of the header of the form `Key=Value`. */
  readonly properties: ReadonlyMap<string, string>;
  readonly locations: readonly Location[];
  /** Virtual pages; their entries are among the locations. */
  readonly pages: readonly Page[];
  /** Initial registers of each thread. */
  readonly registers: readonly ReadonlyMap<number, InitialValue>[];
  readonly threads: readonly ThreadProgram[];
  readonly condition: Condition;
  /** Names in final states: those of the condition, then those of `locations`. */
  readonly observed: readonly string[];
}

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
    pages: [...state.pages.values()],
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
