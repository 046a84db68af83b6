/** `weft img`: images of disks without a machine, in the words of qemu-img. */

import { CHECK } from "./img_check.ts";
import { CONVERT } from "./img_convert.ts";
import { CREATE } from "./img_create.ts";
import { INFO } from "./img_info.ts";
import { RESIZE } from "./img_resize.ts";
import { suggestion } from "../nearest_name.ts";
import { UsageError } from "../usage_error.ts";
import { type ImgOption, ImgWords } from "./img_words.ts";

/** A command. */
export interface ImgCommand {
  /** Its word. */
  readonly name: string;
  /** What follows it. */
  readonly usage: string;
  /** What it does. */
  readonly does: string;
  /** Its options. */
  readonly options: readonly ImgOption[];
  /** Carries it out. @returns the exit code */
  readonly run: (words: ImgWords, print: (text: string) => void) => Promise<number>;
}

const COMMANDS: readonly ImgCommand[] = [CREATE, INFO, CHECK, CONVERT, RESIZE];
const HELP_WORDS: readonly string[] = ["--help", "-h", "help"];
const HELP_COLUMN = 26;

/** Carries a command out. Throws UserError. @returns the exit code */
export async function runImg(
  args: readonly string[],
  print: (text: string) => void,
): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || HELP_WORDS.includes(name)) {
    print(imgHelpText());
    return name === undefined ? 1 : 0;
  }
  const command = COMMANDS.find((one) => one.name === name);
  if (command === undefined) throw unknownCommand(name);
  if (rest.includes("--help")) {
    print(commandHelp(command));
    return 0;
  }
  return await command.run(new ImgWords(name, command.options, rest), print);
}

/** What there is. */
export function imgHelpText(): string {
  const intro = "weft img: images of disks, with the words of qemu-img.\n\n";
  return intro + COMMANDS.map(commandHelp).join("\n");
}

function commandHelp({ name, usage, does, options }: ImgCommand): string {
  const rows = options.map(({ name, value, help }) => {
    const left = `  ${name}${value === undefined ? "" : ` ${value}`}`;
    return left.length < HELP_COLUMN
      ? `${left.padEnd(HELP_COLUMN)}${help}\n`
      : `${left}\n${" ".repeat(HELP_COLUMN)}${help}\n`;
  });
  return `img ${name} ${usage}\n  ${does}\n${rows.join("")}`;
}

function unknownCommand(name: string): UsageError {
  return new UsageError({
    what: `img ${name}`,
    cause: "there is no such command",
    fix: suggestion(name, COMMANDS.map((command) => command.name)),
  });
}
