/**
 * The devices in a machine's slots, from its creation to its end: open, over all its power cycles. What a power cycle
 * needs of them is made anew for each: the devices in their slots, and the first messages to their workers.
 */

import { ioAgent } from "../atomics/agents.ts";
import { MAX_IO_WORKERS } from "../atomics/shared_layout.ts";
import type { SlotDevice } from "../virtio/device_struct.ts";
import { usualVectors } from "../virtio/pci_registers.ts";
import { Feature, withFeature } from "../virtio/registers.ts";
import type { VirtioSlot } from "../virtio/virtio_slot.ts";
import { ConfigurationError } from "./configuration_error.ts";
import type { SlotDevices } from "./device_options.ts";
import type { DriveFailure } from "../virtio/block_errors.ts";
import type { ConsolePort, DriveError, SlotDeviceStatistics } from "./machine_interface.ts";
import type { NetworkDescription } from "./network_description.ts";
import type { DeviceServer, PluggedDevice } from "./plugged_device.ts";
import { PluggedConsole } from "./plugged_console.ts";
import { PluggedDrive } from "./plugged_drive.ts";
import { PluggedEntropy } from "./plugged_entropy.ts";
import type { PluggedNetwork } from "./plugged_network.ts";
import type { PluggedShare } from "./plugged_share.ts";
import type { ShareDescription } from "./share_options.ts";
import type { DeviceStart } from "./worker_messages.ts";

/** What a worker of one power cycle is started with. */
export interface IoWorkerPlan {
  /** Its name. */
  readonly name: string;
  /** Its kind. */
  readonly server: DeviceServer;
  /** What it serves. */
  readonly devices: readonly DeviceStart[];
  /** Ports that go with the message. */
  readonly ports: readonly MessagePort[];
}

/** Names of workers. */
const WORKER_NAMES: Readonly<Record<DeviceServer, string>> = {
  io: "I/O",
  network: "network",
  console: "console",
};

/** Devices by kind. */
interface OpenDevices {
  readonly drives: PluggedDrive[];
  readonly networks: PluggedNetwork[];
  readonly entropy: PluggedEntropy[];
  readonly shares: PluggedShare[];
  readonly consoles: PluggedConsole[];
}

/** Devices that one worker serves. */
interface WorkerDevices extends WorkerName {
  readonly devices: PluggedDevice[];
}

interface WorkerName {
  readonly server: DeviceServer;
  readonly thread: string;
}

/** See the header of this file. */
export class DeviceSet {
  readonly #open: OpenDevices;
  readonly #packedSlots: ReadonlySet<number>;
  readonly #vectors: ReadonlyMap<number, number> | null;
  /** In the order of the workers. */
  readonly #workers: readonly WorkerDevices[];
  /** Is told of failures of disks. */
  onDriveError: (error: DriveError) => void = () => {};
  #ports: MessagePort[] = [];
  #isOpen = true;

  private constructor(open: OpenDevices, { packedSlots, vectors }: SlotDevices) {
    this.#open = open;
    this.#packedSlots = packedSlots;
    this.#vectors = vectors;
    this.#workers = byWorker(all(open));
  }

  /** Opens all devices. Throws ConfigurationError; nothing is open then. */
  static async open(descriptions: SlotDevices): Promise<DeviceSet> {
    const open: OpenDevices = { drives: [], networks: [], entropy: [], shares: [], consoles: [] };
    try {
      for (const drive of descriptions.drives) open.drives.push(await PluggedDrive.open(drive));
      for (const card of descriptions.networks) open.networks.push(await openNetwork(card));
      for (const source of descriptions.entropy) open.entropy.push(new PluggedEntropy(source));
      for (const share of descriptions.shares) open.shares.push(await openShare(share));
      for (const one of descriptions.consoles) open.consoles.push(new PluggedConsole(one));
      requireFewWorkers(byWorker(all(open)));
    } catch (error) {
      await closeAll(open);
      throw error;
    }
    return new DeviceSet(open, descriptions);
  }

  /** Number of workers. */
  get workers(): number {
    return this.#workers.length;
  }

  /** Ports of all consoles, in the order in which they were described. */
  get ports(): readonly ConsolePort[] {
    return this.#open.consoles.flatMap(({ ports }) => ports);
  }

  /** Puts the devices into their slots, in memory that is all zero. */
  install(slots: readonly VirtioSlot[]): void {
    for (const { slot, device, server, threads } of all(this.#open)) {
      const features = this.#packedSlots.has(slot)
        ? withFeature(device.features, Feature.PACKED_RING)
        : device.features;
      const agents = threads.map((thread) => ioAgent(this.#workerOf({ server, thread })));
      const vectors = this.#vectorsOf(slot, device);
      slots[slot].install({ ...device, features, agents, vectors });
    }
  }

  #vectorsOf(slot: number, { id, queues }: Omit<SlotDevice, "agents">): number {
    if (this.#vectors === null) return 0;
    return this.#vectors.get(slot) ?? usualVectors(id, queues);
  }

  #workerOf(name: WorkerName): number {
    return this.#workers.findIndex((worker) => isOfName(worker, name));
  }

  /** What the workers of a power cycle begin with. */
  plan(): IoWorkerPlan[] {
    this.#closePorts();
    return this.#workers.map(({ server, thread, devices }) => {
      const ports: MessagePort[] = [];
      const openPort = (serve: (port: MessagePort) => void): MessagePort => {
        const { port1, port2 } = new MessageChannel();
        serve(port2);
        this.#ports.push(port2);
        ports.push(port1);
        return port1;
      };
      const starts = devices.map((one) => one.start(openPort, thread));
      return { name: workerName(server, thread), server, devices: starts, ports };
    });
  }

  /** A worker tells of a disk that has failed. */
  driveFailed({ slot, ...failure }: DriveFailure): void {
    const drive = this.#open.drives.find((one) => one.slot === slot);
    if (drive !== undefined) this.onDriveError({ ...failure, drive: drive.name });
  }

  /** Counts of all devices. */
  statistics(slots: readonly VirtioSlot[]): SlotDeviceStatistics {
    return {
      drives: this.#open.drives.map((drive) => drive.statistics(slots[drive.slot].struct)),
      networks: this.#open.networks.map((card) => card.statistics(slots[card.slot].struct)),
      entropy: this.#open.entropy.map((source) => source.statistics(slots[source.slot].struct)),
      shares: this.#open.shares.map((share) => share.statistics(slots[share.slot].struct)),
      consoles: this.#open.consoles.map((one) => one.statistics(slots[one.slot].struct)),
    };
  }

  /** Closes all devices. */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#closePorts();
    await closeAll(this.#open);
  }

  #closePorts(): void {
    for (const port of this.#ports) port.close();
    this.#ports = [];
  }
}

/** The host's sockets are loaded by machines that have a network. */
async function openNetwork(description: NetworkDescription): Promise<PluggedNetwork> {
  const { PluggedNetwork } = await import("./plugged_network.ts");
  return await PluggedNetwork.open(description);
}

/** The same for files. */
async function openShare(description: ShareDescription): Promise<PluggedShare> {
  const { PluggedShare } = await import("./plugged_share.ts");
  return await PluggedShare.open(description);
}

function all({ drives, networks, entropy, shares, consoles }: OpenDevices): PluggedDevice[] {
  return [...drives, ...networks, ...entropy, ...shares, ...consoles];
}

async function closeAll(open: OpenDevices): Promise<void> {
  await Promise.all(all(open).map((device) => device.close()));
}

function byWorker(devices: readonly PluggedDevice[]): WorkerDevices[] {
  const workers: WorkerDevices[] = [];
  for (const device of devices) {
    for (const thread of new Set(device.threads)) {
      const name = { server: device.server, thread };
      const found = workers.find((worker) => isOfName(worker, name));
      if (found === undefined) workers.push({ ...name, devices: [device] });
      else found.devices.push(device);
    }
  }
  return workers;
}

function requireFewWorkers({ length }: readonly WorkerDevices[]): void {
  if (length <= MAX_IO_WORKERS) return;
  throw new ConfigurationError({
    what: `${length} threads for devices`,
    cause: `a machine has at most ${MAX_IO_WORKERS}; each network card is one, and each iothread`,
    fix: "use fewer network cards, or name one iothread for several disks",
  });
}

function isOfName(worker: WorkerName, { server, thread }: WorkerName): boolean {
  return worker.server === server && worker.thread === thread;
}

function workerName(server: DeviceServer, thread: string): string {
  return thread === "" ? WORKER_NAMES[server] : `${WORKER_NAMES[server]} ${thread}`;
}
