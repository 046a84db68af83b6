/**
 * The log of a run as main has it: opened before anything of the machine is started, and what its power cycles said.
 * Events are written and read by the thread that runs the harts.
 */
import { requirePermission } from "../machine/file_permission.ts";
import { fileError } from "../machine/file_source.ts";
import type { JournalSummary } from "../machine/machine_interface.ts";
import { ConfigurationError, type MachineDescription } from "../machine/options.ts";
import type { JournalReport } from "./journal.ts";
import { BlockReader, type ByteSource, readPrefix, writeBlock, writePrefix } from "./log_blocks.ts";
import { DamagedLogError, FORMAT_VERSION, PREFIX_BYTES } from "./log_format.ts";
import { differences, type MachineIdentity, machineIdentity } from "./machine_identity.ts";
import type { JournalStart, ReplayMode } from "./open_journal.ts";

/** See the header of this file. */
export class RunLog {
  readonly #mode: ReplayMode;
  readonly #path: string;
  #offset: number;
  #report: JournalReport | null = null;
  #instructions = 0;
  #events = 0;

  private constructor(mode: ReplayMode, path: string, offset: number) {
    this.#mode = mode;
    this.#path = path;
    this.#offset = offset;
  }

  /**
   * Begins the log that a machine writes, or opens the one that it replays; null when it does neither. Throws
   * ConfigurationError.
   */
  static async open(description: MachineDescription): Promise<RunLog | null> {
    const { rr: mode, rrfile: path } = description.accel.icount ?? {};
    if (mode === undefined || path === undefined) return null;
    await requirePermission(mode === "record" ? "write" : "read", path, flag(mode, path));
    const identity = await machineIdentity(description);
    try {
      const offset = mode === "record" ? begin(path, identity) : check(path, identity);
      return new RunLog(mode, path, offset);
    } catch (error) {
      if (error instanceof DamagedLogError) throw refused(path, error.message, RECORD_AGAIN);
      throw fileError(flag(mode, path), error, "name a plain file that you may use");
    }
  }

  /** Is the run a replay? */
  get isReplay(): boolean {
    return this.#mode === "replay";
  }

  /** What the thread of the next power cycle is told. */
  next(): JournalStart {
    const hash = this.#report?.hash ?? "";
    this.#report = null;
    return { mode: this.#mode, path: this.#path, offset: this.#offset, hash };
  }

  /** A power cycle is over. */
  note(report: JournalReport): void {
    this.#report = report;
    this.#offset = report.offset;
    this.#instructions += report.instructions;
    this.#events += report.events;
  }

  /** What the last power cycle said; null when it failed. */
  get report(): JournalReport | null {
    return this.#report;
  }

  /** All power cycles so far. */
  get summary(): JournalSummary {
    return {
      mode: this.#mode,
      file: this.#path,
      instructions: this.#instructions,
      events: this.#events,
      hash: this.#report?.hash ?? "",
    };
  }
}

const RECORD_AGAIN = "name another file, or record again";

function flag(mode: ReplayMode, path: string): string {
  return `-icount rr=${mode},rrfile=${path}`;
}

function begin(path: string, identity: MachineIdentity): number {
  using file = Deno.openSync(path, { write: true, create: true, truncate: true });
  writePrefix(file);
  writeBlock(file, new TextEncoder().encode(JSON.stringify(identity)));
  return 0;
}

/** @returns where the first power cycle begins */
function check(path: string, identity: MachineIdentity): number {
  using file = Deno.openSync(path);
  const version = readPrefix(file);
  if (version === null) throw refused(path, "it is not the log of a run", "name one");
  if (version !== FORMAT_VERSION) {
    const cause = `it has version ${version}, and version ${FORMAT_VERSION} can be read`;
    throw refused(path, cause, RECORD_AGAIN);
  }
  const { recorded, offset } = readHeader(file);
  const different = differences(recorded, identity);
  if (different.length === 0) return offset;
  throw refused(
    path,
    `another machine was recorded: ${different.join("; ")}`,
    "start the machine as it was recorded, with the same files",
  );
}

function readHeader(file: ByteSource): { recorded: MachineIdentity; offset: number } {
  const blocks = new BlockReader(file, PREFIX_BYTES);
  const header = blocks.next();
  if (header === null) throw new DamagedLogError("it ends within its header");
  const recorded = JSON.parse(new TextDecoder().decode(header)) as MachineIdentity;
  return { recorded, offset: blocks.offset };
}

function refused(path: string, cause: string, fix: string): ConfigurationError {
  return new ConfigurationError({ what: flag("replay", path), cause, fix });
}
