/**
 * `-device` with virtio devices, and `-object`: which device a line is about, and what all lines together come to.
 *
 * Devices get their places in the order in which QEMU plugs them: those of `-device` first, then those that other flags
 * plug by themselves.
 */

import type { SlotDeviceOptions } from "../machine/device_options.ts";
import type { DriveOptions } from "../machine/drive_options.ts";
import type { EntropyOptions } from "../machine/entropy_options.ts";
import type { NetworkOptions } from "../machine/network_options.ts";
import type { ShareOptions } from "../machine/share_options.ts";
import { assignPlaces, type Place, type PlugOptions } from "../machine/slot_assignment.ts";
import { type BlockDeviceRequest, parseBlockDevice, QUEUE_MAPPING } from "./block_device_flags.ts";
import { type DriveFlags, DriveRequests } from "./drive_flags.ts";
import { checkEntropyObject, type EntropyRequest, parseEntropyDevice } from "./entropy_flags.ts";
import { isJson, parseJsonProperties } from "./json_properties.ts";
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
import { parsePlace, PLACE_PROPERTIES, placeOf, virtioDriver } from "./virtio_driver.ts";

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
  /** Those that are lists; only JSON can write them. */
  readonly lists?: ReadonlyMap<string, readonly unknown[]>;
}

interface DeviceRow {
  /** What the names of its drivers begin with. */
  readonly family: string;
  readonly properties: readonly string[];
  readonly lists?: readonly string[];
  readonly parse: (line: DeviceLine) => SlotDeviceRequest;
}

const DEVICES: readonly DeviceRow[] = [
  {
    family: "virtio-blk",
    properties: ["drive", "serial", "iothread", "num-queues"],
    lists: [QUEUE_MAPPING],
    parse: parseBlockDevice,
  },
  {
    family: "virtio-net",
    properties: ["netdev", "mac"],
    parse: parseNetworkDevice,
  },
  {
    family: "virtio-rng",
    properties: ["rng"],
    parse: parseEntropyDevice,
  },
  {
    family: "virtio-9p",
    properties: ["fsdev", "mount_tag"],
    parse: parseShareDevice,
  },
];

/** The drivers of devices in slots. */
export const SLOT_DRIVERS: readonly string[] = DEVICES.flatMap(({ family }) => [
  `${family}-device`,
  `${family}-pci`,
]);

/** Understands the value of `-device` with a device in a slot. Throws UsageError. @returns undefined for all others */
export function parseSlotDevice(text: string): SlotDeviceRequest | undefined {
  const what = `-device ${text}`;
  const { head, properties, lists } = deviceProperties(text);
  const name = head ?? properties.get("driver") ?? "";
  for (const row of DEVICES) {
    const driver = virtioDriver(row.family, name);
    if (driver === undefined) continue;
    const known = [...row.properties, ...PLACE_PROPERTIES[driver.bus]];
    const isNamed = head === undefined;
    rejectUnknownProperties("device", properties, isNamed ? [...known, "driver"] : known);
    rejectUnknownLists(what, lists, row.lists ?? []);
    return { ...row.parse({ what, properties, lists }), ...parsePlace(what, driver, properties) };
  }
  if (isJson(text)) throw unknownDriver(what, name);
  return undefined;
}

function deviceProperties(text: string): Required<Omit<DeviceLine, "what">> & { head?: string } {
  if (isJson(text)) return parseJsonProperties("device", text);
  const { head, properties } = parsePropertyList("device", text);
  return { ...(head === undefined ? {} : { head }), properties, lists: new Map() };
}

function rejectUnknownLists(
  what: string,
  lists: ReadonlyMap<string, readonly unknown[]>,
  known: readonly string[],
): void {
  for (const name of lists.keys()) {
    if (known.includes(name)) continue;
    const cause = `the device has no list "${name}"`;
    throw new UsageError({ what, cause, fix: "leave it out, or write one value" });
  }
}

function unknownDriver(what: string, name: string): UsageError {
  const cause = name === "" ? "it names no driver" : `no driver "${name}" is described as JSON`;
  return new UsageError({ what, cause, fix: suggestion(name, SLOT_DRIVERS) });
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

/** A device that waits for its place. */
interface Plugged extends PlugOptions {
  readonly name: string;
  /** Adds it to the others of its kind. */
  readonly add: (place: Place) => void;
}

/** The devices that all flags together describe, each in a place. Throws UsageError and ConfigurationError. */
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
    ...placeOf(share),
    name: "a share",
    add: (place) => found.shares.push({ ...share, ...place }),
  });
  const pluggedDrive = (drive: DriveOptions): Plugged => ({
    ...placeOf(drive),
    name: "a disk",
    add: (place) => found.drives.push({ ...drive, ...place }),
  });
  const pluggedCard = (request: NetworkCardRequest): Plugged => {
    const card = networks.take(request);
    return {
      ...placeOf(card),
      name: "a network card",
      add: (place) => found.networks.push({ ...card, ...place }),
    };
  };
  const plugged = devices.map((request): Plugged => {
    if (request.kind === "block") return pluggedDrive(drives.take(request));
    if (request.kind === "network") return pluggedCard(request);
    if (request.kind === "share") return pluggedShare(shares.take(request));
    requireObject(request.what, "rng", request.rng, objects);
    return {
      ...placeOf(request),
      name: "a source of entropy",
      add: (place) => found.entropy.push({ ...placeOf(request), ...place }),
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
  const places = assignPlaces(all);
  all.forEach(({ add }, index) => add(places[index]));
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
