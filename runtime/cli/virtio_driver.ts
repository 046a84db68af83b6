/**
 * Which bus a virtio device of `-device` is on, by the name of its driver, and where on it.
 *
 * QEMU's names say the bus: `virtio-blk-device` is in a slot of MMIO, `virtio-blk-pci`, or `virtio-blk` for short, on the
 * PCI bus. Its PCI devices have the legacy interface besides the one of version 1, unless they are called
 * `-non-transitional`; the ones here never have.
 */

import type { PlugOptions, VirtioBus } from "../machine/slot_assignment.ts";
import { parseSwitch } from "./property_list.ts";
import { UsageError } from "./usage_error.ts";

/** What a driver's name says. */
export interface VirtioDriver {
  /** Its bus. */
  readonly bus: VirtioBus;
  /** Does the name ask for the legacy interface? */
  readonly isTransitional: boolean;
}

/** Properties of all devices on a bus. */
export const PLACE_PROPERTIES: Readonly<Record<VirtioBus, readonly string[]>> = {
  mmio: ["bus", "id", "packed"],
  pci: ["bus", "id", "packed", "addr", "disable-legacy", "disable-modern", "vectors"],
};

/** What a driver's name says of the bus. @param family what all its names begin with @returns undefined for others */
export function virtioDriver(family: string, name: string): VirtioDriver | undefined {
  switch (name) {
    case `${family}-device`:
      return { bus: "mmio", isTransitional: false };
    case family:
    case `${family}-pci`:
    case `${family}-pci-non-transitional`:
      return { bus: "pci", isTransitional: false };
    case `${family}-pci-transitional`:
      return { bus: "pci", isTransitional: true };
    default:
      return undefined;
  }
}

/** Where a device is to be, and what its rings may be. Throws UsageError. */
export function parsePlace(
  what: string,
  { bus, isTransitional }: VirtioDriver,
  properties: ReadonlyMap<string, string>,
): PlugOptions {
  const rings = ringsOf(properties.get("packed"));
  if (bus === "mmio") {
    return { bus, ...rings, ...slotOf(parseMmioBus(what, properties.get("bus"))) };
  }
  requirePciBus(what, properties.get("bus"));
  requireModern(what, isTransitional, properties);
  const vectors = vectorsOf(what, properties.get("vectors"));
  return { bus, ...rings, ...vectors, ...slotOf(parseAddress(what, properties.get("addr"))) };
}

/** Those of a device's words that say where it is to be, and what its rings may be. */
export function placeOf({ bus, slot, packed, vectors }: PlugOptions): PlugOptions {
  return {
    ...(bus === undefined ? {} : { bus }),
    ...slotOf(slot),
    ...(packed === undefined ? {} : { packed }),
    ...(vectors === undefined ? {} : { vectors }),
  };
}

function ringsOf(packed: string | undefined): { readonly packed?: boolean } {
  return packed === undefined ? {} : { packed: parseSwitch("device", "packed", packed) };
}

function slotOf(slot: number | undefined): { readonly slot?: number } {
  return slot === undefined ? {} : { slot };
}

const MMIO_BUS = /^virtio-mmio-bus\.([0-7])$/;
const PCI_BUS = "pcie.0";

function parseMmioBus(what: string, name: string | undefined): number | undefined {
  if (name === undefined) return undefined;
  const slot = MMIO_BUS.exec(name)?.[1];
  if (slot !== undefined) return Number(slot);
  const cause = name === PCI_BUS
    ? `a device of this name is not for bus "${name}"`
    : `there is no bus "${name}"`;
  const fix = "write bus=virtio-mmio-bus.0 to bus=virtio-mmio-bus.7, or leave it out";
  throw new UsageError({ what, cause, fix });
}

function requirePciBus(what: string, name: string | undefined): void {
  if (name === undefined || name === PCI_BUS) return;
  const cause = MMIO_BUS.test(name)
    ? `a device of this name is not for bus "${name}"`
    : `there is no bus "${name}"`;
  throw new UsageError({ what, cause, fix: `write bus=${PCI_BUS}, or leave it out` });
}

function requireModern(
  what: string,
  isTransitional: boolean,
  properties: ReadonlyMap<string, string>,
): void {
  const [legacy = "auto", modern = "off"] = ["disable-legacy", "disable-modern"]
    .map((name) => properties.get(name));
  if (parseSwitch("device", "disable-modern", modern)) {
    const cause = "there is no interface but that of version 1";
    throw new UsageError({ what, cause, fix: "leave disable-modern= out" });
  }
  const isLegacy = legacy !== "auto" && !parseSwitch("device", "disable-legacy", legacy);
  if (!isLegacy && !isTransitional) return;
  throw new UsageError({
    what,
    cause: "there is no legacy interface",
    fix: isTransitional ? "leave -transitional out of its name" : "write disable-legacy=on",
  });
}

function vectorsOf(what: string, text: string | undefined): { readonly vectors?: number } {
  if (text === undefined) return {};
  if (/^\d+$/.test(text)) return { vectors: Number(text) };
  const cause = `vectors=${text} is not a number`;
  throw new UsageError({ what, cause, fix: "write vectors=0 or another number, or leave it out" });
}

/** Device numbers are hexadecimal, with a function behind a point. */
const ADDRESS = /^(?:0x)?([0-9a-f]{1,2})(?:\.([0-7]))?$/i;
const HEXADECIMAL = 16;
const LAST_DEVICE = 31;

function parseAddress(what: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, digits = "", pciFunction = "0"] = ADDRESS.exec(text) ?? [];
  const device = Number.parseInt(digits, HEXADECIMAL);
  if (!(device <= LAST_DEVICE)) {
    const cause = `addr=${text} is not the number of a device`;
    throw new UsageError({ what, cause, fix: "write addr=1 to addr=1f" });
  }
  if (device === 0) {
    const cause = "device 0 is the host bridge";
    throw new UsageError({ what, cause, fix: "write addr=1 to addr=1f" });
  }
  if (pciFunction === "0") return device;
  const cause = "each device has one function";
  throw new UsageError({ what, cause, fix: `write addr=${digits}, each with a number of its own` });
}
