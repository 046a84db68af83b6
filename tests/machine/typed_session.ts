// A guest that shows when it sees what is typed, and the console of a machine that runs it.

import { assemble } from "../../frontend/riscv/encoder.ts";
import { type ExitStatus, type IcountOptions, Machine, type MachineSettings } from "../../mod.ts";
import { progress } from "../library/machine_fixture.ts";

const [T0, T1, T2, A3, A4] = [5, 6, 7, 13, 14];
/** A register that the guest leaves alone until its end. */
export const S2 = 18;
const UART = 0x1000_0000;
const FINISHER = 0x10_0000;
const LINE_STATUS = 5;
/** The first key that is typed. */
export const FIRST_LETTER = "a".charCodeAt(0);
const [QUIT, RESTART] = ["q", "r"].map((key) => key.charCodeAt(0));

/**
 * Each hart greets with a zero byte, then counts its looks at the serial line. A byte that comes is sent back with the
 * low byte of the count, so that output shows when the guest saw it. "q" switches off, "r" restarts.
 */
export const PROGRAM = [
  assemble("lui", { rd: T0, imm: UART }),
  assemble("lui", { rd: T1, imm: FINISHER }),
  assemble("sb", { rs1: T0, rs2: 0, imm: 0 }),
  // the loop
  assemble("addi", { rd: A3, rs1: A3, imm: 1 }),
  assemble("lbu", { rd: T2, rs1: T0, imm: LINE_STATUS }),
  assemble("andi", { rd: T2, rs1: T2, imm: 1 }),
  assemble("beq", { rs1: T2, rs2: 0, imm: -12 }),
  assemble("lbu", { rd: A4, rs1: T0, imm: 0 }),
  assemble("sb", { rs1: T0, rs2: A4, imm: 0 }),
  assemble("sb", { rs1: T0, rs2: A3, imm: 0 }),
  assemble("addi", { rd: T2, rs1: A4, imm: -QUIT }),
  assemble("bne", { rs1: T2, rs2: 0, imm: 16 }),
  assemble("lui", { rd: S2, imm: 0x5000 }),
  assemble("addi", { rd: S2, rs1: S2, imm: 0x555 }),
  assemble("sw", { rs1: T1, rs2: S2, imm: 0 }),
  assemble("addi", { rd: T2, rs1: A4, imm: -RESTART }),
  assemble("bne", { rs1: T2, rs2: 0, imm: -52 }),
  assemble("lui", { rd: S2, imm: 0x7000 }),
  assemble("addi", { rd: S2, rs1: S2, imm: 0x777 }),
  assemble("sw", { rs1: T1, rs2: S2, imm: 0 }),
  assemble("jal", { imm: 0 }),
];

/** What a run printed, and how it ended. */
export interface Run {
  readonly output: readonly number[];
  readonly ended: ExitStatus;
}

/** A machine with its console's ends. */
export class Session implements AsyncDisposable {
  readonly machine: Machine;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly output: number[] = [];

  private constructor(machine: Machine) {
    this.machine = machine;
    this.#reader = machine.console.readable.getReader();
    this.#writer = machine.console.writable.getWriter();
  }

  static async open(icount: Partial<IcountOptions>, settings: MachineSettings): Promise<Session> {
    const kernel = new Uint8Array(Uint32Array.from(PROGRAM).buffer);
    const machine = await Machine.create({
      firmware: "none",
      memory: "4M",
      kernel,
      accel: { icount: { shift: 0, ...icount } },
      ...settings,
    });
    return new Session(machine);
  }

  async type(text: string): Promise<void> {
    await this.#writer.write(new TextEncoder().encode(text));
  }

  /** Types a byte and waits until the guest has sent it back. */
  async talk(text: string): Promise<void> {
    const before = this.output.length;
    await this.type(text);
    await this.printed(before + 2 * text.length);
  }

  /** Waits for so many bytes of output since the start. */
  async printed(bytes: number): Promise<void> {
    while (this.output.length < bytes) await this.#read();
  }

  async #read(): Promise<boolean> {
    const { value, done } = await this.#reader.read();
    this.output.push(...value ?? []);
    return !done;
  }

  async end(): Promise<Run> {
    while (await this.#read());
    return { output: this.output, ended: await this.machine.exited };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.machine.stop();
  }
}

/** A file for a log. */
export async function logFile(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempFile({ suffix: ".weft-rr" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path) };
}

/** What is typed, and when. */
export type Talk = (session: Session) => Promise<void>;

/** Records a run. */
export async function record(
  path: string,
  talk: Talk,
  settings: MachineSettings = {},
): Promise<Run> {
  await using session = await Session.open({ rr: "record", rrfile: path }, settings);
  await session.machine.start();
  await session.printed(session.machine.harts.length);
  await talk(session);
  return await session.end();
}

/** Replays one. */
export async function replay(path: string, settings: MachineSettings = {}): Promise<Run> {
  await using session = await Session.open({ rr: "replay", rrfile: path }, settings);
  await session.machine.start();
  return await session.end();
}

/** Everything about a run but which of the two it is. */
export function comparable({ output, ended }: Run): unknown {
  const { mode: _mode, ...journal } = ended.journal ?? {};
  return { output, ended: { ...ended, journal } };
}

/** A few keys with some time between. */
export async function shortTalk(session: Session): Promise<void> {
  await session.talk("a");
  await progress(session.machine, 3_000_000);
  await session.talk("bc");
  await session.talk("d");
  await session.type("q");
}
