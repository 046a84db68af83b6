/**
 * The monitor behind Ctrl-A c: a prompt that looks into the machine while the guest runs on.
 *
 * Commands are rows of a table. The monitor knows the machine only through {@linkcode MonitorTarget}.
 */

import type { MachineHandle } from "../machine/machine_interface.ts";
import { UserError } from "../machine/user_error.ts";
import { suggestion } from "./nearest_name.ts";
import { registerTable } from "./register_table.ts";
import {
  driveTable,
  hartTable,
  lockTable,
  networkTable,
  statisticsTable,
} from "./statistics_table.ts";

/** What the monitor needs of a machine. */
export type MonitorTarget = Pick<
  MachineHandle,
  | "state"
  | "driveError"
  | "pause"
  | "resume"
  | "reset"
  | "harts"
  | "generationId"
  | "stats"
  | "sendBreak"
>;

interface Command {
  readonly names: readonly string[];
  readonly does: string;
  readonly run: (target: MonitorTarget, quit: () => void) => Promise<string> | string;
}

const COMMANDS: readonly Command[] = [
  {
    names: ["quit", "q"],
    does: "end the machine",
    run: (_target, quit) => {
      quit();
      return "";
    },
  },
  {
    names: ["stop", "s"],
    does: "pause the machine: harts and guest time stand still",
    run: (target) => silently(target.pause()),
  },
  {
    names: ["cont", "c"],
    does: "let a paused machine go on",
    run: (target) => silently(target.resume()),
  },
  {
    names: ["system_reset"],
    does: "switch the machine off and on again",
    run: (target) => silently(target.reset()),
  },
  {
    names: ["info status"],
    does: "does the machine run?",
    run: ({ state, driveError }) =>
      `VM status: ${state}${state === "paused" && driveError ? " (io-error)" : ""}\n`,
  },
  {
    names: ["info registers"],
    does: "registers of every hart of a paused machine",
    run: ({ harts }) => harts.map(registerTable).join("\n"),
  },
  {
    names: ["info harts", "info cpus"],
    does: "what each hart does",
    run: (target) => hartTable(target.stats().harts),
  },
  {
    names: ["info jit"],
    does: "speed and translation counts",
    run: (target) => statisticsTable(target.stats()),
  },
  {
    names: ["info locks"],
    does: "device accesses and what locks cost",
    run: (target) => lockTable(target.stats()),
  },
  {
    names: ["info block"],
    does: "what became of requests to the disks",
    run: (target) => driveTable(target.stats()),
  },
  {
    names: ["info network"],
    does: "what went over the network cards",
    run: (target) => networkTable(target.stats()),
  },
  {
    names: ["info vm-generation-id"],
    does: "the machine's generation ID",
    run: ({ generationId }) => `${generationId ?? "the machine has none: add -device vmgenid"}\n`,
  },
  {
    names: ["sendbreak"],
    does: "send a break over the serial line",
    run: (target) => {
      target.sendBreak();
      return "";
    },
  },
  { names: ["help", "?"], does: "print these commands", run: () => helpText() },
];

const PROMPT = "(weft) ";

const Key = {
  BACKSPACE: 0x08,
  LINE_FEED: 0x0a,
  RETURN: 0x0d,
  CLEAR_LINE: 0x15,
  FIRST_PRINTABLE: 0x20,
  DELETE: 0x7f,
} as const;

async function silently(work: Promise<void>): Promise<string> {
  await work;
  return "";
}

function helpText(): string {
  return COMMANDS.map(({ names, does }) => `${names.join(", ").padEnd(24)}${does}\n`).join("");
}

/** The prompt: takes keys, prints answers. */
export class Monitor {
  readonly #target: MonitorTarget;
  readonly #quit: () => void;
  readonly #print: (text: string) => void;
  #line = "";
  #work: Promise<void> = Promise.resolve();

  /** A monitor of `target` that writes with `print`; `quit` ends the session with its machine. */
  constructor(target: MonitorTarget, quit: () => void, print: (text: string) => void) {
    this.#target = target;
    this.#quit = quit;
    this.#print = print;
  }

  /** Shows the prompt. */
  enter(): void {
    this.#line = "";
    this.#print(`\nmonitor: help lists the commands, Ctrl-A c goes back\n${PROMPT}`);
  }

  /** Takes keys; resolves once the commands they ended were answered. */
  feed(keys: Uint8Array): Promise<void> {
    for (const key of keys) this.#press(key);
    return this.#work;
  }

  #press(key: number): void {
    if (key === Key.RETURN || key === Key.LINE_FEED) {
      const line = this.#line.trim().replaceAll(/\s+/g, " ");
      this.#line = "";
      this.#print("\n");
      this.#work = this.#work.then(() => this.#execute(line));
    } else if (key === Key.BACKSPACE || key === Key.DELETE) {
      if (this.#line !== "") this.#print("\b \b");
      this.#line = this.#line.slice(0, -1);
    } else if (key === Key.CLEAR_LINE) {
      this.#print("\b \b".repeat(this.#line.length));
      this.#line = "";
    } else if (key >= Key.FIRST_PRINTABLE) {
      this.#line += String.fromCharCode(key);
      this.#print(String.fromCharCode(key));
    }
  }

  async #execute(line: string): Promise<void> {
    if (line !== "") this.#print(await this.#answer(line));
    this.#print(PROMPT);
  }

  async #answer(line: string): Promise<string> {
    const command = COMMANDS.find(({ names }) => names.includes(line));
    if (command !== undefined) return await this.#run(command);
    return `no command "${line}": ${suggestion(line, COMMANDS.flatMap(({ names }) => names))}\n`;
  }

  /** What a machine refuses, such as registers of a running hart, is an answer. */
  async #run(command: Command): Promise<string> {
    try {
      return await command.run(this.#target, this.#quit);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return `${error.message}\n`;
    }
  }
}
