/**
 * Builds machines and runs them from their first power-on to their last end.
 *
 * A machine holds no state outside its objects and its memory: any number of them can live in one process.
 */

import type { BootableBoard } from "./bootable_board.ts";
import { translationSettings } from "./host_processor.ts";
import { loadBoard } from "./boards/boards.ts";
import { ConsoleEnd } from "./console_pump.ts";
import { openDebugLog } from "./debug_log.ts";
import { planImages } from "./image_plan.ts";
import { errorText } from "./internal_error.ts";
import type {
  ExitStatus,
  MachineConsole,
  MachineHandle,
  MachineStatistics,
} from "./machine_interface.ts";
import { readStatistics } from "./machine_statistics.ts";
import { WORKER_SOURCES, type WorkerSources } from "./machine_workers.ts";
import { ConfigurationError, type MachineDescription, requireProgram } from "./options.ts";
import { type MachineParts, PowerCycle } from "./power_cycle.ts";
import { clearSharedMemory, createSharedMemory } from "./shared_memory.ts";

const MS_PER_SECOND = 1000;

/**
 * Builds a machine whose harts are ready to run. Throws ConfigurationError and LoadError for what the user
 * can change, InternalError when a worker does not start.
 *
 * @param sources modules of the workers; tests give their own
 */
export async function createMachine(
  description: MachineDescription,
  sources: WorkerSources = WORKER_SOURCES,
): Promise<MachineHandle> {
  const parts = await machineParts(description, sources);
  const plan = await planImages(description, parts.board);
  const cycle = new PowerCycle(parts, plan, 1);
  const machine = new Machine(parts, cycle);
  await cycle.ready();
  return machine;
}

/** What a machine is built from. Throws as {@linkcode createMachine}. */
export async function machineParts(
  description: MachineDescription,
  sources: WorkerSources = WORKER_SOURCES,
): Promise<MachineParts> {
  requireProgram(description);
  requireThreads(description);
  const board = await loadCheckedBoard(description);
  const { host } = translationSettings(description.accel);
  const coldTier = await WebAssembly.compile(Uint8Array.fromBase64(await board.coldTier(host)));
  const replayTier = description.accel.check ? await buildReplayTier(board, description) : null;
  return {
    description,
    board,
    coldTier,
    replayTier,
    memory: createSharedMemory(description.memoryBytes),
    console: new ConsoleEnd(),
    log: openDebugLog(description),
    sources,
  };
}

/** The cold tier that check mode replays regions in; rarely wanted, so Binaryen is loaded only then. */
async function buildReplayTier(
  board: BootableBoard,
  { cpu, accel }: MachineDescription,
): Promise<WebAssembly.Module> {
  const { ModuleFactory } = await import("../../wasm_backend/module_builder.ts");
  const { buildGuestColdTier } = await import("../translation/guest_cold_tier.ts");
  const bytes = buildGuestColdTier(
    new ModuleFactory(),
    await board.loadFrontend(cpu),
    translationSettings(accel).host,
    true,
  );
  return await WebAssembly.compile(bytes);
}

/** The flattened device tree that a machine would be given. Throws as {@linkcode createMachine}. */
export async function deviceTree(description: MachineDescription): Promise<Uint8Array> {
  const board = await loadCheckedBoard(description);
  return (await planImages(description, board)).deviceTree;
}

async function loadCheckedBoard({ machine, cpu }: MachineDescription): Promise<BootableBoard> {
  const board = await loadBoard(machine);
  board.checkCpu(cpu); // before any worker is asked for such a CPU
  return board;
}

function requireThreads({ accel }: MachineDescription): void {
  if (accel.thread === "multi") return;
  throw new ConfigurationError({
    what: `-accel tcg,thread=${accel.thread}`,
    cause: "every hart runs on a thread of its own in this version",
    fix: "use thread=multi, or leave it out",
  });
}

class Machine implements MachineHandle {
  readonly exited: Promise<ExitStatus>;
  readonly #parts: MachineParts;
  #startTime: number | undefined;
  #endTime: number | undefined;
  #cycle: PowerCycle;
  #isStopping = false;
  #powerCycles = 1;

  constructor(parts: MachineParts, cycle: PowerCycle) {
    this.#parts = parts;
    this.#cycle = cycle;
    this.exited = this.#run();
  }

  get console(): MachineConsole {
    return this.#parts.console;
  }

  start(): Promise<void> {
    this.#startTime ??= performance.now();
    this.#cycle.start();
    return Promise.resolve();
  }

  stop(): void {
    this.#isStopping = true;
    this.#cycle.stop();
  }

  sendBreak(): void {
    this.#cycle.devices.receiveBreak();
  }

  statistics(): Promise<MachineStatistics> {
    const { memory, description } = this.#parts;
    const words = new Int32Array(memory.buffer);
    return Promise.resolve(readStatistics(words, description.harts, this.#wallSeconds()));
  }

  #wallSeconds(): number {
    const end = this.#endTime ?? performance.now();
    return (end - (this.#startTime ?? end)) / MS_PER_SECOND;
  }

  /** Power cycle after power cycle, until one ends by something else than a reset. */
  async #run(): Promise<ExitStatus> {
    let status = await this.#cycle.ended;
    while (status.reason === "reset" && !this.#parts.description.noReboot && !this.#isStopping) {
      status = await this.#restart();
    }
    this.#endTime = performance.now();
    this.#parts.console.close();
    this.#parts.log.close();
    return status;
  }

  async #restart(): Promise<ExitStatus> {
    try {
      clearSharedMemory(this.#parts.memory);
      const plan = await planImages(this.#parts.description, this.#parts.board);
      this.#cycle = new PowerCycle(this.#parts, plan, ++this.#powerCycles);
      if (this.#isStopping) this.#cycle.stop();
      await this.#cycle.ready();
      this.#cycle.start();
      return await this.#cycle.ended;
    } catch (error) {
      return { reason: "internal-error", code: 0, message: errorText(error) };
    }
  }
}
