/**
 * The workers of a machine: starting them, hearing of their failures, and knowing when they have stopped.
 *
 * A worker that runs guest code, waits or compiles cannot be terminated from outside, so each says by a last
 * message that it has stopped, and only then its thread is taken away. A worker that fails counts as stopped.
 *
 * A message that its receiver has not taken when its thread ends keeps what it holds for ever, here the machine's
 * memory; and the runtime does not give back all memory of a worker that is taken away while it loads, or that closes
 * itself. So a worker that may be abandoned while it loads is given its first message only when it says that it is
 * ready, and is taken away only when it says that it has stopped: at once, if that message is that it was abandoned.
 */

import type { JournalReport } from "../replay/journal.ts";
import type { ModuleRecord } from "../translation/region_record.ts";
import type { DriveFailure } from "../virtio/block_errors.ts";
import type { WorkerReport } from "./worker_messages.ts";

/** Modules that the workers run. */
export interface WorkerSources {
  /** A vCPU. */
  readonly vcpu: URL;
  /** The compiler. */
  readonly compiler: URL;
  /** The compiler of a machine with a code cache. */
  readonly warmCompiler: URL;
  /** The clock keeper. */
  readonly clockKeeper: URL;
  /** A worker that serves disks and entropy. */
  readonly io: URL;
  /** A worker that serves a network card. */
  readonly network: URL;
  /** A worker that serves consoles. */
  readonly console: URL;
  /** The sampler of a machine whose profile is made. */
  readonly sampler: URL;
}

/** The real ones. */
export const WORKER_SOURCES: WorkerSources = {
  vcpu: new URL("../vcpu/vcpu_worker.ts", import.meta.url),
  compiler: new URL("../translation/compiler_worker.ts", import.meta.url),
  warmCompiler: new URL("../translation/warm_compiler_worker.ts", import.meta.url),
  clockKeeper: new URL("./clock_keeper_worker.ts", import.meta.url),
  io: new URL("../virtio/io_worker.ts", import.meta.url),
  network: new URL("../virtio/network_worker.ts", import.meta.url),
  console: new URL("../virtio/console_worker.ts", import.meta.url),
  sampler: new URL("./sampler_worker.ts", import.meta.url),
};

/**
 * The same modules for Deno's loader; nobody calls these. What is imported by name is fetched, checked and bundled
 * together with the program. Where modules come over the network, a worker would fetch its own while the guest
 * runs already, and be ended in the middle of that by a guest that is faster.
 */
export const WORKER_MODULES: readonly (() => Promise<unknown>)[] = [
  () => import("../vcpu/vcpu_worker.ts"),
  () => import("../translation/compiler_worker.ts"),
  () => import("../translation/warm_compiler_worker.ts"),
  () => import("./clock_keeper_worker.ts"),
  () => import("../virtio/io_worker.ts"),
  () => import("../virtio/network_worker.ts"),
  () => import("../virtio/console_worker.ts"),
  () => import("./sampler_worker.ts"),
];

/** A worker to be started. */
export interface WorkerTask {
  /** Name for messages and debuggers. */
  readonly name: string;
  /** Its module. */
  readonly source: URL;
  /** Its first message. */
  readonly start: unknown;
  /** Ports that go with the message. */
  readonly transfer: readonly MessagePort[];
  /** Does it say when it is ready for the message, and may it be abandoned until then? It is given null if it was. */
  readonly loadsLong?: boolean;
}

/** What happens to workers. */
export interface WorkerEvents {
  /** One has failed and does nothing any more. */
  failed(name: string, message: string): void;
  /** One has compiled a module, and a list of these is kept. */
  compiled(made: ModuleRecord): void;
  /** One has recorded or replayed a power cycle. */
  journaled(report: JournalReport): void;
  /** A disk of one has failed. */
  driveFailed(failure: DriveFailure): void;
  /** One has text for the debug log. */
  logged(text: string): void;
}

interface RunningWorker {
  readonly name: string;
  readonly worker: Worker;
  readonly stopped: PromiseWithResolvers<void>;
  /** Gives it its first message; null once it has it. */
  begin: (() => void) | null;
  isStopped: boolean;
}

/** Workers of one machine. */
export class MachineWorkers {
  readonly #events: WorkerEvents;
  readonly #workers: RunningWorker[] = [];

  /** @param events who is told of failures */
  constructor(events: WorkerEvents) {
    this.#events = events;
  }

  /** Starts a worker. @returns resolves when it has stopped or failed */
  start({ name, source, start, transfer, loadsLong = false }: WorkerTask): Promise<void> {
    const worker = new Worker(source, { type: "module", name });
    const stopped = Promise.withResolvers<void>();
    const begin = (): void => {
      worker.postMessage(start, [...transfer]);
      row.begin = null;
    };
    const row: RunningWorker = { name, worker, stopped, begin, isStopped: false };
    this.#workers.push(row);
    worker.addEventListener("message", (event) => this.#receive(row, event));
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.#fail(row, `${event.message} (${event.filename}:${event.lineno})`);
    });
    worker.addEventListener("messageerror", () => this.#fail(row, "a message was unreadable"));
    if (!loadsLong) begin();
    return stopped.promise;
  }

  /**
   * Counts those of that name that are loading still as stopped: they have nothing of the machine. They end when
   * they have loaded, and fail unheard.
   */
  abandon(name: string): void {
    for (const row of this.#workers) {
      if (row.name !== name || row.begin === null) continue;
      row.begin = () => row.worker.postMessage(null);
      settle(row);
    }
  }

  /** Names of those that run. */
  running(): string[] {
    return this.#workers.filter(({ isStopped }) => !isStopped).map(({ name }) => name);
  }

  /** Resolves when none runs. */
  async stopped(): Promise<void> {
    await Promise.all(this.#workers.map(({ stopped }) => stopped.promise));
  }

  #receive(row: RunningWorker, { data }: MessageEvent<WorkerReport>): void {
    if ("ready" in data) row.begin?.();
    else if ("compiled" in data) this.#events.compiled(data.compiled);
    else if ("driveFailure" in data) this.#events.driveFailed(data.driveFailure);
    else if ("journal" in data) this.#events.journaled(data.journal);
    else if ("log" in data) this.#events.logged(data.log);
    else if ("failure" in data) this.#fail(row, data.failure);
    else this.#stop(row);
  }

  #fail(row: RunningWorker, message: string): void {
    const isNews = !row.isStopped;
    this.#stop(row);
    if (isNews) this.#events.failed(row.name, message);
  }

  #stop(row: RunningWorker): void {
    row.worker.terminate();
    settle(row);
  }
}

function settle(row: RunningWorker): void {
  row.isStopped = true;
  row.stopped.resolve();
}
