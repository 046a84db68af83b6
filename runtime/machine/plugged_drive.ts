/** A disk of a machine, open and locked. */

import { CallMailbox } from "../virtio/back_end_call.ts";
import { blockConfig, blockFeatures } from "../virtio/block_protocol.ts";
import { SlotCounter, type SlotDevice, type SlotStruct } from "../virtio/device_struct.ts";
import { clusterMapBytes } from "../virtio/overlay_disk.ts";
import { DeviceId } from "../virtio/registers.ts";
import { BackEndServer } from "./back_end_server.ts";
import { ConfigurationError } from "./configuration_error.ts";
import { type DriveFile, makeOverlayFile, openDriveFile } from "./drive_file.ts";
import { type DriveDescription, severalThreads } from "./drive_options.ts";
import type { DriveStatistics } from "./machine_interface.ts";
import type { PluggedDevice } from "./plugged_device.ts";
import type { DriveSource, DriveStart, OverlayPlace } from "./worker_messages.ts";

interface OpenDrive {
  readonly description: DriveDescription;
  readonly bytes: number;
  readonly file: DriveFile | null;
  readonly overlay: OverlayPlace | null;
  /** Mailbox of a back end of the caller's. */
  readonly mailbox: SharedArrayBuffer | null;
}

/** See the header of this file. */
export class PluggedDrive implements PluggedDevice {
  /** See `PluggedDevice`. */
  readonly server = "io";
  readonly #drive: OpenDrive;
  /** A process that ends in the middle leaves no temporary files behind, unless it is killed. */
  readonly #atExit = (): void => this.close();

  private constructor(drive: OpenDrive) {
    this.#drive = drive;
    if (drive.overlay !== null) globalThis.addEventListener("unload", this.#atExit);
  }

  /** Opens a disk. Throws ConfigurationError; nothing is open then. */
  static async open(description: DriveDescription): Promise<PluggedDrive> {
    return new PluggedDrive(await openDrive(description));
  }

  /** See `PluggedDevice`. */
  get slot(): number {
    return this.#drive.description.slot;
  }

  /** Its name in messages. */
  get name(): string {
    return this.#drive.description.name;
  }

  /** See `PluggedDevice`. */
  get threads(): readonly string[] {
    return this.#drive.description.threads;
  }

  /** See `PluggedDevice`. */
  get device(): Omit<SlotDevice, "agents"> {
    const { description, bytes } = this.#drive;
    return {
      id: DeviceId.BLOCK,
      features: blockFeatures(description.isReadonly, description.queues),
      queues: description.queues,
      config: blockConfig(bytes, description.queues),
    };
  }

  /** See `PluggedDevice`. */
  start(
    openPort: (serve: (port: MessagePort) => void) => MessagePort,
    thread: string,
  ): DriveStart {
    const { description, overlay } = this.#drive;
    const { slot, isReadonly, isSnapshot, cache, serial } = description;
    const { discards, detectZeroes, werror, rerror } = description;
    return {
      kind: "block",
      slot,
      ...serviceOf(description, thread),
      source: this.#source(openPort),
      isReadonly,
      cache: isSnapshot ? "unsafe" : cache,
      discards,
      detectZeroes,
      werror,
      rerror,
      serial,
      overlay,
    };
  }

  #source(openPort: (serve: (port: MessagePort) => void) => MessagePort): DriveSource {
    const { description: { source }, bytes, mailbox, file } = this.#drive;
    if (file !== null) return { image: file.place };
    if (mailbox === null || typeof source === "string") {
      throw new TypeError("Cannot reach a back end without a mailbox");
    }
    const port = openPort((end) => new BackEndServer(source, mailbox).serve(end));
    return { mailbox, port, bytes };
  }

  /** Its counts. */
  statistics(struct: SlotStruct): DriveStatistics {
    const count = (counter: number): number => struct.total(counter);
    return {
      name: this.name,
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
  }

  /** Unlocks and closes it, and removes what was only to last as long as the machine. */
  close(): void {
    const { file, overlay } = this.#drive;
    globalThis.removeEventListener("unload", this.#atExit);
    file?.close();
    if (overlay !== null) Deno.removeSync(overlay.path);
  }
}

async function openDrive(description: DriveDescription): Promise<OpenDrive> {
  const { source } = description;
  if (typeof source !== "string") return await openBackEnd(description, source.size);
  const file = await openDriveFile(description, source);
  try {
    requireSharable(description, file);
    return { ...await withOverlay(description, file.bytes), file, mailbox: null };
  } catch (error) {
    file.close();
    throw error;
  }
}

/** What a thread serves of a disk. */
function serviceOf(
  { queues, threads }: DriveDescription,
  thread: string,
): Pick<DriveStart, "server" | "queues"> {
  const all = Array.from({ length: queues }, (_, queue) => queue);
  return {
    server: [...new Set(threads)].indexOf(thread),
    queues: all.filter((queue) => threads[queue % threads.length] === thread),
  };
}

function requireSharable({ name, threads }: DriveDescription, { place }: DriveFile): void {
  if (place.format === "raw" || new Set(threads).size === 1) return;
  throw severalThreads(name, `the tables of a ${place.format} image are kept by one thread`);
}

async function openBackEnd(description: DriveDescription, size: number): Promise<OpenDrive> {
  if (description.detectZeroes !== "off") {
    throw new ConfigurationError({
      what: `${description.name}: detectZeroes: "${description.detectZeroes}"`,
      cause: "a back end has no marks for zeros",
      fix: "leave it out, or use a qcow2 image",
    });
  }
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
