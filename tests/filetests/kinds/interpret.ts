/**
 * `test interpret`: the reference interpreter runs regions as `; run` lines say; expected are outcomes with
 * the state and memory they changed.
 *
 * ```text
 * ; run @name 5 -1 x[2]=7 mode=1 pc=0x8000 length=4 encoding=0x13 field.rd=3 u32[0x1010]=9
 * ```
 *
 * Numbers alone are arguments; RAM is 4 KiB at 0x1000.
 */
import type { InterpreterEnvironment, Outcome } from "../../../ir/interpreter/interpreter.ts";
import { Interpreter } from "../../../ir/interpreter/interpreter.ts";
import { FlatMemory } from "../../../ir/interpreter/memory.ts";
import { InterpreterState } from "../../../ir/interpreter/state.ts";
import type { Region } from "../../../ir/region.ts";
import { parseModule } from "../../../ir/text/parser.ts";
import type { MemoryWidth } from "../../../ir/types.ts";
import type { FileTestKind } from "../filetest.ts";

const MEMORY_BASE = 0x1000n;
const MEMORY_BYTES = 4096;

const RUN = /^; run @(\S+)(.*)$/gm;
const ASSIGNMENT = /^([\w.]+)(?:\[(\w+)\])?=(-?\w+)$/;
const MEMORY_CELL = /^u(8|16|32|64)$/;

/** See the header of this file. */
export const interpretKind: FileTestKind = ({ input, path }) => {
  const { layout, regions } = parseModule(input);
  const functions = new Map(regions.map((region) => [region.name, region]));
  return [...input.matchAll(RUN)].map(([line, name, rest]) => {
    const region = functions.get(name);
    if (region === undefined) throw new RangeError(`Cannot run "@${name}" of ${path}: not there`);
    const run = new Run(new InterpreterState(layout), functions);
    return `${line.slice(2)}\n${run.run(region, rest.trim().split(/\s+/))}`;
  }).join("\n");
};

class Run {
  readonly #state: InterpreterState;
  readonly #memory = new FlatMemory(MEMORY_BYTES, MEMORY_BASE);
  readonly #environment: InterpreterEnvironment;
  readonly #fields: Record<string, bigint> = {};
  readonly #args: bigint[] = [];

  constructor(state: InterpreterState, functions: ReadonlyMap<string, Region>) {
    this.#state = state;
    this.#environment = { state, memory: this.#memory, functions, fields: this.#fields };
  }

  run(region: Region, words: readonly string[]): string {
    for (const word of words) if (word !== "") this.#prepare(word);
    const before = this.#state.snapshot();
    const bytes = this.#memory.bytes.slice();
    const outcome = new Interpreter(this.#environment).run(region, this.#args);
    return [`  ${describe(outcome)}`, ...this.#stateChanges(before), ...this.#byteChanges(bytes)]
      .map((line) => `${line}\n`).join("");
  }

  #prepare(word: string): void {
    const assignment = ASSIGNMENT.exec(word);
    if (assignment === null) {
      this.#args.push(number(word));
      return;
    }
    const [, name, index = "0", text] = assignment;
    const value = number(text);
    const width = MEMORY_CELL.exec(name)?.[1];
    if (width !== undefined) {
      const access = { width: Number(width) as MemoryWidth, signed: false, order: 0 };
      this.#memory.store(number(index), value, access);
    } else if (name === "pc" || name === "encoding") this.#environment[name] = value;
    else if (name === "length") this.#environment.length = Number(value);
    else if (name.startsWith("field.")) this.#fields[name.slice("field.".length)] = value;
    else this.#state.write(name, value, Number(index));
  }

  #stateChanges(before: BigInt64Array): string[] {
    const after = this.#state.snapshot();
    let cell = 0;
    return [...this.#state.layout.slots()].flatMap(({ name, count }) =>
      Array.from({ length: count }, (_, index) => {
        const at = cell++;
        const element = count === 1 ? name : `${name}[${index}]`;
        return before[at] === after[at] ? [] : [`  ${element}=${after[at]}`];
      }).flat()
    );
  }

  #byteChanges(before: Uint8Array): string[] {
    const { bytes } = this.#memory;
    return [...bytes].flatMap((byte, offset) =>
      byte === before[offset]
        ? []
        : [`  u8[0x${(MEMORY_BASE + BigInt(offset)).toString(16)}]=0x${byte.toString(16)}`]
    );
  }
}

function number(text: string): bigint {
  return text.startsWith("-") ? -BigInt(text.slice(1)) : BigInt(text);
}

function describe(outcome: Outcome): string {
  const { kind, ...rest } = outcome;
  return [kind, ...Object.entries(rest).map(([name, value]) => `${name}=${value}`)].join(" ");
}
