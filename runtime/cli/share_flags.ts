/**
 * Shared folders on the command line, in QEMU's words: `-virtfs` shares a folder, or `-fsdev` names one and
 * `-device virtio-9p-device` puts it into a slot of MMIO, `virtio-9p-pci` onto the PCI bus.
 */

import type { SecurityModel, ShareOptions } from "../machine/share_options.ts";
import type { PlugOptions } from "../machine/slot_assignment.ts";
import type { DeviceLine } from "./device_flags.ts";
import { parsePropertyList, parseSwitch, rejectUnknownProperties } from "./property_list.ts";
import { requireNames } from "./request_names.ts";
import { UsageError } from "./usage_error.ts";
import { placeOf } from "./virtio_driver.ts";

/** The driver of shared folders that is named in messages. */
const SHARE_DRIVER = "virtio-9p-device";

const FOLDER_PROPERTIES = ["path", "security_model", "readonly", "id", "multidevs"] as const;
/** Files of several file systems in a folder never get one number. */
const MULTIDEVS = "remap";

/** A folder that is shared. */
export interface FolderRequest {
  /** The flag, for messages. */
  readonly what: string;
  /** Name for `fsdev=`. */
  readonly id: string | undefined;
  /** The folder. */
  readonly folder: Omit<ShareOptions, "tag">;
}

/** One `-virtfs`. */
export interface VirtfsRequest {
  /** The flag, for messages. */
  readonly what: string;
  /** The share. */
  readonly share: ShareOptions;
}

/** One `-device virtio-9p-device`. */
export interface ShareDeviceRequest extends PlugOptions {
  /** Says so. */
  readonly kind: "share";
  /** The flag, for messages. */
  readonly what: string;
  /** Name of its folder. */
  readonly fsdev: string;
  /** The name by which the guest mounts it. */
  readonly tag: string;
}

/** The words of a command line about shared folders. */
export interface ShareFlags {
  /** Folders with a slot of their own. */
  shares?: VirtfsRequest[];
  /** Folders that devices refer to. */
  folders?: FolderRequest[];
}

/** Understands the value of `-virtfs`, which QEMU plugs into the PCI bus. Throws UsageError. */
export function parseVirtfs(text: string): VirtfsRequest {
  const what = `-virtfs ${text}`;
  const properties = localProperties("virtfs", text, [...FOLDER_PROPERTIES, "mount_tag"]);
  const tag = required(what, properties, "mount_tag", "TAG");
  return { what, share: { ...folderOf("virtfs", what, properties), tag, bus: "pci" } };
}

/** Understands the value of `-fsdev`. Throws UsageError. */
export function parseFsdev(text: string): FolderRequest {
  const what = `-fsdev ${text}`;
  const properties = localProperties("fsdev", text, FOLDER_PROPERTIES);
  const id = required(what, properties, "id", "NAME");
  return { what, id, folder: folderOf("fsdev", what, properties) };
}

/** Understands a line of `-device` with a shared folder. Throws UsageError. */
export function parseShareDevice({ what, properties }: DeviceLine): ShareDeviceRequest {
  const fsdev = required(what, properties, "fsdev", "NAME");
  return { kind: "share", what, fsdev, tag: required(what, properties, "mount_tag", "TAG") };
}

function localProperties(
  flag: string,
  text: string,
  known: readonly string[],
): ReadonlyMap<string, string> {
  const { head, properties } = parsePropertyList(flag, text);
  const driver = head ?? properties.get("fsdriver") ?? "";
  if (driver !== "local") {
    throw new UsageError({
      what: `-${flag} ${text}`,
      cause: driver === "" ? "its kind is not said" : `there are no shares of the kind "${driver}"`,
      fix: `write -${flag} local,path=FOLDER,...`,
    });
  }
  rejectUnknownProperties(flag, properties, head === undefined ? [...known, "fsdriver"] : known);
  return properties;
}

function required(
  what: string,
  properties: ReadonlyMap<string, string>,
  name: string,
  form: string,
): string {
  const value = properties.get(name) ?? "";
  if (value !== "") return value;
  throw new UsageError({ what, cause: `it has no ${name}`, fix: `add ${name}=${form}` });
}

/** The models of security are checked with all that a caller describes. */
function folderOf(
  flag: string,
  what: string,
  properties: ReadonlyMap<string, string>,
): Omit<ShareOptions, "tag"> {
  const multidevs = properties.get("multidevs") ?? MULTIDEVS;
  if (multidevs !== MULTIDEVS) {
    const cause = "files of several file systems in one folder always get numbers of their own";
    throw new UsageError({ what, cause, fix: `write multidevs=${MULTIDEVS}, or leave it out` });
  }
  const model = properties.get("security_model");
  return {
    source: required(what, properties, "path", "FOLDER"),
    ...(model === undefined ? {} : { securityModel: model as SecurityModel }),
    readonly: properties.has("readonly") &&
      parseSwitch(flag, "readonly", properties.get("readonly") ?? ""),
  };
}

/** The folders that devices refer to: each goes to one. */
export class ShareRequests {
  readonly #folders: readonly FolderRequest[];
  readonly #unused: Set<FolderRequest>;

  /** All named folders of a command line. Throws UsageError. */
  constructor(folders: readonly FolderRequest[]) {
    requireNames("fsdev", folders);
    this.#folders = folders;
    this.#unused = new Set(folders);
  }

  /** The share of a device. Throws UsageError. */
  take(device: ShareDeviceRequest): ShareOptions {
    const { what, fsdev, tag } = device;
    const request = this.#folders.find(({ id }) => id === fsdev);
    if (request === undefined) {
      const fix = `add -fsdev local,id=${fsdev},path=FOLDER,security_model=mapped-file`;
      throw new UsageError({ what, cause: `there is no fsdev "${fsdev}"`, fix });
    }
    if (!this.#unused.delete(request)) {
      const cause = `fsdev ${fsdev} has a device already`;
      throw new UsageError({ what, cause, fix: "give each device a folder of its own" });
    }
    return { ...request.folder, tag, ...placeOf(device) };
  }

  /** Throws UsageError for a folder without device. */
  requireAllUsed(): void {
    for (const { what, id } of this.#unused) {
      const fix = `add -device ${SHARE_DRIVER},fsdev=${id},mount_tag=TAG, or use -virtfs`;
      throw new UsageError({ what, cause: "no device uses it", fix });
    }
  }
}
