/** A shared folder of a machine. */

import { CallMailbox } from "../virtio/back_end_call.ts";
import { SlotCounter, type SlotDevice, type SlotStruct } from "../virtio/device_struct.ts";
import { FileShareCounter } from "../virtio/file_share_device.ts";
import { FILE_SHARE_FEATURES, fileShareConfig } from "../virtio/file_share_protocol.ts";
import { DeviceId } from "../virtio/registers.ts";
import { FileSystemServer } from "./file_system_server.ts";
import type { ShareStatistics } from "./machine_interface.ts";
import type { PluggedDevice } from "./plugged_device.ts";
import { resolveShareFolder } from "./share_folder.ts";
import type { FileSystemBackend, ShareDescription } from "./share_options.ts";
import type { ShareSource, ShareStart } from "./worker_messages.ts";

type OpenSource =
  | { readonly root: string }
  | { readonly backend: FileSystemBackend };

/** See the header of this file. */
export class PluggedShare implements PluggedDevice {
  /** See `PluggedDevice`. */
  readonly server = "io";
  readonly #description: ShareDescription;
  readonly #source: OpenSource;

  private constructor(description: ShareDescription, source: OpenSource) {
    this.#description = description;
    this.#source = source;
  }

  /** Looks at the folder. Throws ConfigurationError. */
  static async open(description: ShareDescription): Promise<PluggedShare> {
    const { source } = description;
    if (typeof source === "string") {
      return new PluggedShare(description, { root: await resolveShareFolder(description, source) });
    }
    return new PluggedShare(description, { backend: source });
  }

  /** See `PluggedDevice`. */
  get slot(): number {
    return this.#description.slot;
  }

  /** See `PluggedDevice`. A folder that is slow holds up no disk. */
  get threads(): readonly string[] {
    return [SHARE_THREAD];
  }

  /** See `PluggedDevice`. */
  get device(): Omit<SlotDevice, "agents"> {
    return {
      id: DeviceId.FILE_SHARE,
      features: FILE_SHARE_FEATURES,
      queues: 1,
      config: fileShareConfig(this.#description.tag),
    };
  }

  /** See `PluggedDevice`. */
  start(openPort: (serve: (port: MessagePort) => void) => MessagePort): ShareStart {
    return {
      kind: "share",
      slot: this.slot,
      isReadonly: this.#description.isReadonly,
      source: this.#place(openPort),
    };
  }

  /** A back end gets a mailbox for each power cycle: what it answers late is for nobody. */
  #place(openPort: (serve: (port: MessagePort) => void) => MessagePort): ShareSource {
    const source = this.#source;
    if ("root" in source) {
      return { root: source.root, isMapped: this.#description.securityModel === "mapped-file" };
    }
    const mailbox = new CallMailbox().words.buffer;
    const port = openPort((end) => new FileSystemServer(source.backend, mailbox).serve(end));
    return { mailbox, port };
  }

  /** Its counts. */
  statistics(struct: SlotStruct): ShareStatistics {
    const count = (counter: number): number => struct.total(counter);
    return {
      name: this.#description.name,
      requests: count(FileShareCounter.REQUESTS),
      failures: count(FileShareCounter.FAILURES),
      bytesRead: count(FileShareCounter.BYTES_READ),
      bytesWritten: count(FileShareCounter.BYTES_WRITTEN),
      doorbells: struct.doorbells(),
      interrupts: count(SlotCounter.INTERRUPTS),
    };
  }

  /** The worker has all that is open. */
  close(): void {}
}

/** The thread of all shared folders: folders that overlap cannot be played against each other. */
const SHARE_THREAD = "shares";
