/**
 * `-device` with virtio devices, and `-object`: which device a line is about, and what all lines together come to.
 *
 * Devices get their slots in the order in which QEMU plugs them: those of `-device` first, then those that other flags
 * plug by themselves.
 */

import type { SlotDeviceOptions } from "../machine/device_options.ts";
import type { DriveOptions } from "../machine/drive_options.ts";
import type { EntropyOptions } from "../machine/entropy_options.ts";
import type { NetworkOptions } from "../machine/network_options.ts";
import type { ShareOptions } from "../machine/share_options.ts";
import { assignSlots } from "../machine/slot_assignment.ts";
import {
  type BlockDeviceRequest,
  type DriveFlags,
  DriveRequests,
  parseBlockDevice,
} from "./drive_flags.ts";
import { checkEntropyObject, type EntropyRequest, parseEntropyDevice } from "./entropy_flags.ts";
import { suggestion } from "./nearest_name.ts";
import {
  type DumpRequest,
  type NetworkCardRequest,
  type NetworkFlags,
  NetworkRequests,
  parseDump,
  parseNetworkDevice,
} from "./network_flags.ts";
import { parsePropertyList, rejectUnknownProperties } from "./property_list.ts";
import { requireNames } from "./request_names.ts";
import {
  parseShareDevice,
  type ShareDeviceRequest,
  type ShareFlags,
  ShareRequests,
} from "./share_flags.ts";
import { UsageError } from "./usage_error.ts";

/** One `-device` with a device in a slot. */
export type SlotDeviceRequest =
  | BlockDeviceRequest
  | NetworkCardRequest
  | EntropyRequest
  | ShareDeviceRequest;

/** One `-object`. */
export interface ObjectRequest {
  /** The flag, for messages. */
  readonly what: string;
  /** Its kind. */
  readonly kind: "iothread" | "rng" | "dump";
  /** Its name. */
  readonly id: string;
  /** What a file of frames is to hold. */
  readonly dump?: DumpRequest;
}

/** The words of a command line about devices in slots. */
export interface DeviceFlags extends DriveFlags, NetworkFlags, ShareFlags {
  /** Devices, in the order of their flags. */
  devices?: SlotDeviceRequest[];
  /** What devices refer to. */
  objects?: ObjectRequest[];
}

/** A line of `-device`. */
export interface DeviceLine {
  /** The flag, for messages. */
  readonly what: string;
  /** Its properties. */
  readonly properties: ReadonlyMap<string, string>;
}

interface DeviceRow {
  readonly driver: string;
  /** QEMU's names for the same on a PCI bus. */
  readonly pci: readonly string[];
  readonly properties: readonly string[];
  readonly parse: (line: DeviceLine) => SlotDeviceRequest;
}

const DEVICES: readonly DeviceRow[] = [
  {
    driver: "virtio-blk-device",
    pci: ["virtio-blk-pci", "virtio-blk"],
    properties: ["drive", "serial", "iothread"],
    parse: parseBlockDevice,
  },
  {
    driver: "virtio-net-device",
    pci: ["virtio-net-pci", "virtio-net"],
    properties: ["netdev", "mac"],
    parse: parseNetworkDevice,
  },
  {
    driver: "virtio-rng-device",
    pci: ["virtio-rng-pci", "virtio-rng"],
    properties: ["rng"],
    parse: parseEntropyDevice,
  },
  {
    driver: "virtio-9p-device",
    pci: ["virtio-9p-pci", "virtio-9p"],
    properties: ["fsdev", "mount_tag"],
    parse: parseShareDevice,
  },
];

/** Properties of all devices. */
const COMMON_PROPERTIES = ["bus", "id"] as const;

/** The drivers of devices in slots. */
export const SLOT_DRIVERS: readonly string[] = DEVICES.map(({ driver }) => driver);

/** Understands the value of `-device` with a device in a slot. Throws UsageError. @returns undefined for all others */
export function parseSlotDevice(text: string): SlotDeviceRequest | undefined {
  const what = `-device ${text}`;
  const { head, properties } = parsePropertyList("device", text);
  const name = head ?? properties.get("driver") ?? "";
  const row = DEVICES.find(({ driver, pci }) => driver === name || pci.includes(name));
  if (row === undefined) return undefined;
  if (name !== row.driver) {
    const cause = "there is no PCI bus";
    throw new UsageError({ what, cause, fix: `write ${row.driver} in place of ${name}` });
  }
  const known = [...row.properties, ...COMMON_PROPERTIES];
  rejectUnknownProperties("device", properties, head === undefined ? [...known, "driver"] : known);
  const request = row.parse({ what, properties });
  const bus = properties.get("bus");
  return bus === undefined ? request : { ...request, slot: parseBus(what, bus) };
}

const BUS = /^virtio-mmio-bus\.([0-7])$/;

function parseBus(what: string, bus: string): number {
  const slot = BUS.exec(bus)?.[1];
  if (slot !== undefined) return Number(slot);
  const fix = "write bus=virtio-mmio-bus.0 to bus=virtio-mmio-bus.7, or leave it out";
  throw new UsageError({ what, cause: `there is no bus "${bus}"`, fix });
}

interface ObjectRow {
  readonly name: string;
  readonly kind: ObjectRequest["kind"];
  readonly properties: readonly string[];
  readonly check?: (line: DeviceLine) => void;
}

const OBJECTS: readonly ObjectRow[] = [
  { name: "iothread", kind: "iothread", properties: [] },
  { name: "rng-random", kind: "rng", properties: ["filename"], check: checkEntropyObject },
  { name: "rng-builtin", kind: "rng", properties: [] },
  { name: "filter-dump", kind: "dump", properties: ["netdev", "file", "maxlen"] },
];

/** Understands the value of `-object`. Throws UsageError. */
export function parseObject(text: string): ObjectRequest {
  const what = `-object ${text}`;
  const { head, properties } = parsePropertyList("object", text);
  const name = head ?? properties.get("qom-type") ?? "";
  const row = OBJECTS.find((candidate) => candidate.name === name);
  if (row === undefined) {
    const cause = `there is no object "${name}"`;
    const fix = `${suggestion(name, OBJECTS.map((known) => known.name))}, or leave it out`;
    throw new UsageError({ what, cause, fix });
  }
  rejectUnknownProperties("object", properties, ["qom-type", "id", ...row.properties]);
  row.check?.({ what, properties });
  const id = properties.get("id") ?? "";
  if (id === "") throw new UsageError({ what, cause: "it has no name", fix: "add id=NAME" });
  const dump = row.kind === "dump" ? { dump: parseDump({ what, properties }) } : {};
  return { what, kind: row.kind, id, ...dump };
}

/** A device that waits for its slot. */
interface Plugged {
  readonly name: string;
  readonly slot: number | undefined;
  /** Adds it to the others of its kind. */
  readonly add: (slot: number) => void;
}

/** The devices that all flags together describe, each in a slot. Throws UsageError and ConfigurationError. */
export function devicesOf(flags: DeviceFlags): SlotDeviceOptions {
  const { devices = [], objects = [], nics = [], networks: netdevs = [] } = flags;
  const { shares: virtfs = [], folders = [] } = flags;
  requireNames("object", objects);
  const found = {
    drives: [] as DriveOptions[],
    networks: [] as NetworkOptions[],
    entropy: [] as EntropyOptions[],
    shares: [] as ShareOptions[],
  };
  const networks = new NetworkRequests(netdevs, objects.flatMap(({ dump }) => dump ?? []));
  const drives = new DriveRequests(flags, namesOf(objects, "iothread"));
  const shares = new ShareRequests(folders);
  const pluggedShare = (share: ShareOptions): Plugged => ({
    name: "a share",
    slot: share.slot,
    add: (slot) => found.shares.push({ ...share, slot }),
  });
  const pluggedDrive = (drive: DriveOptions): Plugged => ({
    name: "a disk",
    slot: drive.slot,
    add: (slot) => found.drives.push({ ...drive, slot }),
  });
  const pluggedCard = (request: NetworkCardRequest): Plugged => {
    const card = networks.take(request);
    return {
      name: "a network card",
      slot: card.slot,
      add: (slot) => found.networks.push({ ...card, slot }),
    };
  };
  const plugged = devices.map((request): Plugged => {
    if (request.kind === "block") return pluggedDrive(drives.take(request));
    if (request.kind === "network") return pluggedCard(request);
    if (request.kind === "share") return pluggedShare(shares.take(request));
    requireObject(request.what, "rng", request.rng, objects);
    return {
      name: "a source of entropy",
      slot: request.slot,
      add: (slot) => found.entropy.push({ slot }),
    };
  });
  networks.requireAllUsed();
  shares.requireAllUsed();
  const all = [
    ...plugged,
    ...drives.rest().map(pluggedDrive),
    ...nics.map(pluggedCard),
    ...virtfs.map(({ share }) => pluggedShare(share)),
  ];
  const slots = assignSlots(all);
  all.forEach(({ add }, index) => add(slots[index]));
  return found;
}

function namesOf(objects: readonly ObjectRequest[], kind: ObjectRequest["kind"]): string[] {
  return objects.filter((object) => object.kind === kind).map(({ id }) => id);
}

function requireObject(
  what: string,
  kind: ObjectRequest["kind"],
  name: string | undefined,
  objects: readonly ObjectRequest[],
): void {
  if (name === undefined || namesOf(objects, kind).includes(name)) return;
  const cause = `there is no object "${name}" of this kind`;
  throw new UsageError({ what, cause, fix: `add -object rng-random,id=${name}` });
}
