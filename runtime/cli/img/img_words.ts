/** Words of an `img` command, understood as qemu-img does: options by a table, and the rest in order. */

import { suggestion } from "../nearest_name.ts";
import { UsageError } from "../usage_error.ts";

/** Words that are options; sizes that are less are not. */
const OPTION = /^-[^0-9]/;

/** An option of a command. */
export interface ImgOption {
  /** As it is typed. */
  readonly name: string;
  /** What follows it; without: nothing. */
  readonly value?: string;
  /** What it does. */
  readonly help: string;
}

/** What a command was given. */
export class ImgWords {
  /** The command, for messages. */
  readonly what: string;
  /** Words that are no options. */
  readonly operands: readonly string[];
  readonly #options: ReadonlyMap<string, readonly string[]>;

  /** Understands the words of a command. Throws UsageError. */
  constructor(command: string, options: readonly ImgOption[], words: readonly string[]) {
    this.what = `img ${command}`;
    const found = new Map<string, string[]>();
    const operands: string[] = [];
    const rest = words[Symbol.iterator]();
    let hasEnded = false;
    for (const word of rest) {
      if (hasEnded || !OPTION.test(word)) {
        operands.push(word);
        continue;
      }
      if (word === "--") {
        hasEnded = true;
        continue;
      }
      const [name, joined] = splitOption(word);
      const option = options.find((one) => one.name === name);
      if (option === undefined) throw this.#unknown(name, options);
      const value = option.value === undefined ? joined ?? "" : joined ?? rest.next().value;
      if (value === undefined || option.value === undefined && joined !== undefined) {
        throw this.#wrongValue(option);
      }
      found.set(name, [...found.get(name) ?? [], value]);
    }
    this.operands = operands;
    this.#options = found;
  }

  /** Was an option given? */
  has(name: string): boolean {
    return this.#options.has(name);
  }

  /** The value of an option, the last one that was given. */
  value(name: string): string | undefined {
    return this.#options.get(name)?.at(-1);
  }

  /** All values of an option. */
  values(name: string): readonly string[] {
    return this.#options.get(name) ?? [];
  }

  /** An error about these words. */
  wrong(cause: string, fix: string): UsageError {
    return new UsageError({ what: this.what, cause, fix });
  }

  #unknown(name: string, options: readonly ImgOption[]): UsageError {
    const fix = suggestion(name, options.map((option) => option.name));
    return this.wrong(`it has no option ${name}`, `${fix}; ${this.what} --help lists them`);
  }

  #wrongValue({ name, value }: ImgOption): UsageError {
    return value === undefined
      ? this.wrong(`${name} has no value`, `write ${name}`)
      : this.wrong(`the value of ${name} is missing`, `write ${name} ${value}`);
  }
}

/** `--output=json` has its value in itself. */
function splitOption(word: string): [name: string, value: string | undefined] {
  const equals = word.startsWith("--") ? word.indexOf("=") : -1;
  return equals < 0 ? [word, undefined] : [word.slice(0, equals), word.slice(equals + 1)];
}
