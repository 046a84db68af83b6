/**
 * The disks of a machine, from its creation to its end: open and locked, over all its power cycles. What a power cycle
 * needs of them is made anew for each: the devices in their slots, and the first messages to the I/O workers.
 */

import { ioAgent } from "../atomics/agents.ts";
import { CallMailbox } from "../virtio/back_end_call.ts";
import { blockConfig, blockFeatures } from "../virtio/block_protocol.ts";
import { SlotCounter } from "../virtio/device_struct.ts";
import type { MmioSlot } from "../virtio/mmio_slot.ts";
import { clusterMapBytes } from "../virtio/overlay_disk.ts";
import { DeviceId } from "../virtio/registers.ts";
import { BackEndServer } from "./back_end_server.ts";
import { type DriveFile, makeOverlayFile, openDriveFile } from "./drive_file.ts";
import type { DriveDescription } from "./drive_options.ts";
import { ConfigurationError } from "./configuration_error.ts";
import type { DriveStatistics } from "./machine_interface.ts";
import type { DriveSource, DriveStart, OverlayPlace } from "./worker_messages.ts";

/** What an I/O worker of one power cycle is started with. */
export interface IoWorkerPlan {
  /** Its name. */
  readonly name: string;
  /** What it serves. */
  readonly drives: readonly DriveStart[];
  /** Ports that go with the message. */
  readonly ports: readonly MessagePort[];
}

interface OpenDrive {
  readonly description: DriveDescription;
  readonly bytes: number;
  readonly file: DriveFile | null;
  readonly overlay: OverlayPlace | null;
  /** Mailbox of a back end of the caller's. */
  readonly mailbox: SharedArrayBuffer | null;
}

/** See the header of this file. */
export class DriveSet {
  readonly #drives: readonly OpenDrive[];
  /** Names of the threads, in the order of the workers. */
  readonly #threads: readonly string[];
  #ports: MessagePort[] = [];
  #isOpen = true;
  /** A process that ends in the middle leaves no temporary files behind, unless it is killed. */
  readonly #atExit = (): void => this.close();

  private constructor(drives: readonly OpenDrive[]) {
    this.#drives = drives;
    this.#threads = [...new Set(drives.map(({ description }) => description.iothread))];
    const isTemporary = drives.some(({ overlay }) => overlay !== null);
    if (isTemporary) globalThis.addEventListener("unload", this.#atExit);
  }

  /** Opens all disks. Throws ConfigurationError; nothing is open then. */
  static async open(descriptions: readonly DriveDescription[]): Promise<DriveSet> {
    const open: OpenDrive[] = [];
    try {
      for (const description of descriptions) open.push(await openDrive(description));
    } catch (error) {
      closeAll(open);
      throw error;
    }
    return new DriveSet(open);
  }

  /** Number of I/O workers. */
  get workers(): number {
    return this.#threads.length;
  }

  /** Puts the devices into their slots, in memory that is all zero. */
  install(slots: readonly MmioSlot[]): void {
    for (const { description, bytes } of this.#drives) {
      slots[description.slot].struct.install({
        id: DeviceId.BLOCK,
        agent: ioAgent(this.#threads.indexOf(description.iothread)),
        features: blockFeatures(description.isReadonly),
        queues: 1,
        config: blockConfig(bytes),
      });
    }
  }

  /** What the workers of a power cycle begin with. */
  plan(): IoWorkerPlan[] {
    this.#closePorts();
    return this.#threads.map((thread) => {
      const drives = this.#drives.filter(({ description }) => description.iothread === thread);
      const ports: MessagePort[] = [];
      const starts = drives.map((drive) => this.#start(drive, ports));
      return { name: thread === "" ? "I/O" : `I/O ${thread}`, drives: starts, ports };
    });
  }

  #start(drive: OpenDrive, ports: MessagePort[]): DriveStart {
    const { description, overlay } = drive;
    const { slot, isReadonly, isSnapshot, cache, serial } = description;
    return {
      slot,
      source: this.#source(drive, ports),
      isReadonly,
      isUnsafe: cache === "unsafe" || isSnapshot,
      serial,
      overlay,
    };
  }

  #source({ description, bytes, mailbox }: OpenDrive, ports: MessagePort[]): DriveSource {
    const { source } = description;
    if (typeof source === "string") return { path: source };
    if (mailbox === null) throw new TypeError("Cannot reach a back end without a mailbox");
    const { port1, port2 } = new MessageChannel();
    new BackEndServer(source, mailbox).serve(port2);
    this.#ports.push(port2);
    ports.push(port1);
    return { mailbox, port: port1, bytes };
  }

  /** Counts of all disks. */
  statistics(slots: readonly MmioSlot[]): DriveStatistics[] {
    return this.#drives.map(({ description: { name, slot } }) => {
      const { struct } = slots[slot];
      const count = (counter: number): number => struct.counters[counter];
      return {
        name,
        reads: count(SlotCounter.READS),
        writes: count(SlotCounter.WRITES),
        flushes: count(SlotCounter.FLUSHES),
        others: count(SlotCounter.OTHERS),
        failures: count(SlotCounter.FAILURES),
        bytesRead: count(SlotCounter.BYTES_READ),
        bytesWritten: count(SlotCounter.BYTES_WRITTEN),
        doorbells: struct.doorbells(),
        interrupts: count(SlotCounter.INTERRUPTS),
      };
    });
  }

  /** Unlocks and closes all disks, and removes what was only to last as long as the machine. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    globalThis.removeEventListener("unload", this.#atExit);
    this.#closePorts();
    closeAll(this.#drives);
  }

  #closePorts(): void {
    for (const port of this.#ports) port.close();
    this.#ports = [];
  }
}

async function openDrive(description: DriveDescription): Promise<OpenDrive> {
  const { source } = description;
  if (typeof source !== "string") return await openBackEnd(description, source.size);
  const file = await openDriveFile(description, source);
  try {
    return { ...await withOverlay(description, file.bytes), file, mailbox: null };
  } catch (error) {
    file.close();
    throw error;
  }
}

async function openBackEnd(description: DriveDescription, size: number): Promise<OpenDrive> {
  if (!Number.isSafeInteger(size) || size < 0) {
    throw new ConfigurationError({
      what: `${description.name} with a size of ${size}`,
      cause: "a size is a whole number of bytes",
      fix: "give its back end such a size",
    });
  }
  const mailbox = new CallMailbox().words.buffer;
  return { ...await withOverlay(description, size), file: null, mailbox };
}

async function withOverlay(
  description: DriveDescription,
  bytes: number,
): Promise<Pick<OpenDrive, "description" | "bytes" | "overlay">> {
  if (!description.isSnapshot) return { description, bytes, overlay: null };
  const path = await makeOverlayFile(description.name, bytes);
  const map = new Uint8Array(new SharedArrayBuffer(clusterMapBytes(bytes)));
  return { description, bytes, overlay: { path, map } };
}

function closeAll(drives: readonly OpenDrive[]): void {
  for (const { file, overlay } of drives) {
    file?.close();
    if (overlay !== null) Deno.removeSync(overlay.path);
  }
}
