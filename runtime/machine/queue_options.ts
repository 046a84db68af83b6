/** The queues of a disk, and the threads that serve them, as a caller describes them. */

import { MAX_QUEUES, MAX_SERVERS } from "../virtio/device_struct.ts";
import { ConfigurationError } from "./configuration_error.ts";
import type { VirtioBus } from "./slot_assignment.ts";

/** A thread that serves queues of a disk, as in `iothread-vq-mapping=`. */
export interface QueueThreadOptions {
  /** Its name, as in {@linkcode QueueOptions.iothread}. */
  readonly iothread: string;
  /** As `vqs`: numbers of the queues that it serves. Default: all threads of the disk take the queues in turn. */
  readonly queues?: readonly number[];
}

/** What a caller says of a disk's queues. */
export interface QueueOptions {
  /**
   * As `num-queues=`: how many queues the guest has for its requests, 1 to 34. Default: as QEMU one over MMIO, and on the
   * PCI bus one for each hart.
   */
  readonly queues?: number;
  /** As `iothread=`: disks with the same name are served by one thread. Default: one thread for all without a name. */
  readonly iothread?: string;
  /**
   * As `iothread-vq-mapping=`: threads that share the queues of the disk, which must be a raw image and no snapshot. Not
   * with {@linkcode QueueOptions.iothread}.
   */
  readonly iothreads?: readonly QueueThreadOptions[];
}

/** The queues of a disk with every default filled in. */
export interface QueueDescription {
  /** How many there are. */
  readonly queues: number;
  /** The thread of each queue; where there are more queues the threads take turns. */
  readonly threads: readonly string[];
}

/** A disk whose queues are described. */
export interface QueueRequest extends QueueOptions {
  /** Its name in messages. */
  readonly name: string;
  /** Its bus. */
  readonly bus?: VirtioBus | undefined;
  /** Harts of the machine. */
  readonly harts: number;
}

/** Checks queues and fills in their defaults. Throws ConfigurationError. */
export function describeQueues(request: QueueRequest): QueueDescription {
  const { name, bus, harts, iothread, iothreads } = request;
  const { queues = bus === "pci" ? Math.min(harts, MAX_QUEUES) : 1 } = request;
  if (!Number.isInteger(queues) || queues < 1 || queues > MAX_QUEUES) {
    const cause = `a disk has 1 to ${MAX_QUEUES} queues`;
    throw refused(`${name}: num-queues=${queues}`, cause, "use num-queues=2, or leave it out");
  }
  if (iothreads === undefined) return { queues, threads: [iothread ?? ""] };
  if (iothread !== undefined) {
    const cause = "each of them says which thread serves the queues";
    throw refused(`${name}: iothread= with iothread-vq-mapping=`, cause, "leave one of them out");
  }
  return { queues, threads: threadsOf(`${name}: iothread-vq-mapping=`, queues, iothreads) };
}

function threadsOf(what: string, queues: number, rows: readonly QueueThreadOptions[]): string[] {
  if (rows.length === 0) throw refused(what, "it names no thread", "add one, or leave it out");
  if (rows.length > MAX_SERVERS) {
    const cause = `${rows.length} threads are too many for a disk`;
    throw refused(what, cause, `use ${MAX_SERVERS} at most`);
  }
  const names = rows.map(({ iothread }) => iothread);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw refused(what, `it names thread "${twice}" twice`, "give it all its queues in one place");
  }
  const withQueues = rows.filter((row) => row.queues !== undefined).length;
  if (withQueues === 0) return names;
  if (withQueues < rows.length) {
    const cause = "it says for some threads which queues they serve, and for others not";
    throw refused(what, cause, "give vqs to each of them, or to none");
  }
  return Array.from({ length: queues }, (_, queue) => onlyServer(what, queue, queues, rows));
}

function onlyServer(
  what: string,
  queue: number,
  queues: number,
  rows: readonly QueueThreadOptions[],
): string {
  const all = rows.flatMap((row) => row.queues ?? []);
  const unknown = all.find((one) => !Number.isInteger(one) || one < 0 || one >= queues);
  if (unknown !== undefined) {
    const fix = `use 0 to ${queues - 1}, or give it more by num-queues=`;
    throw refused(what, `the disk has no queue ${unknown}`, fix);
  }
  const servers = rows.filter((row) => row.queues?.includes(queue));
  if (servers.length === 1 && all.filter((one) => one === queue).length === 1) {
    return servers[0].iothread;
  }
  const times = servers.length === 0 ? "by no thread" : "twice";
  throw refused(what, `queue ${queue} is served ${times}`, "name each queue once");
}

function refused(what: string, cause: string, fix: string): ConfigurationError {
  return new ConfigurationError({ what, cause, fix });
}
