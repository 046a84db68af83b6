/**
 * Which virtio device is where: in the place that it asks for, or in a free one as QEMU chooses it, which is the last
 * slot of MMIO and the first device of the PCI bus.
 */

import { ConfigurationError } from "./configuration_error.ts";

/** Buses for virtio devices. */
const VIRTIO_BUSES: readonly VirtioBus[] = ["mmio", "pci"];
/** A bus for virtio devices. */
export type VirtioBus = "mmio" | "pci";

/** Where a virtio device is to be. */
export interface PlugOptions {
  /**
   * `mmio`: in a slot of its own, as the devices that QEMU calls `virtio-*-device`. `pci`: on the PCI bus, as
   * `virtio-*-pci`. Default: `mmio`.
   */
  readonly bus?: VirtioBus;
  /**
   * Over MMIO the number of `bus=virtio-mmio-bus.N`, 0 to 7, and on the PCI bus that of `addr=`, 1 to 31. Default: as
   * QEMU the last free slot, or the first free device.
   */
  readonly slot?: number;
  /** As `packed=on`: the driver may have packed rings (VIRTIO_F_RING_PACKED). Default: false. */
  readonly packed?: boolean;
  /**
   * As `vectors=`, on the PCI bus of a board with `aia: "aplic-imsic"`: how many interrupts by message the device has, 0
   * to 48; with 0 it has its pin. Default: as QEMU, by the kind of device.
   */
  readonly vectors?: number;
}

/** What wants a place. */
export interface PlaceRequest {
  /** Its name in messages. */
  readonly name: string;
  /** See `PlugOptions`. */
  readonly bus?: VirtioBus | undefined;
  /** See `PlugOptions`. */
  readonly slot?: number | undefined;
}

/** A place. */
export type Place = Required<Pick<PlugOptions, "bus" | "slot">>;

interface BusRow {
  readonly first: number;
  readonly last: number;
  /** Is the first free place taken, and not the last one? */
  readonly isFilledUp: boolean;
  /** What its places are called. */
  readonly noun: string;
  /** Number of the first one among the slots of a board. */
  readonly index: number;
}

const BUSES: Readonly<Record<VirtioBus, BusRow>> = {
  mmio: { first: 0, last: 7, isFilledUp: false, noun: "slots", index: 0 },
  pci: { first: 1, last: 31, isFilledUp: true, noun: "places on the PCI bus", index: 8 },
};

/** The number that a place has among the slots of a board: those of MMIO come first. */
export function slotNumber({ bus, slot }: Place): number {
  return BUSES[bus].index + slot - BUSES[bus].first;
}

/** The places of these devices, which are assigned in this order. Throws ConfigurationError. */
export function assignPlaces(requests: readonly PlaceRequest[]): Place[] {
  const taken = new Map(VIRTIO_BUSES.map((bus) => [bus, new Set<number>()]));
  const takenOf = (bus: VirtioBus): Set<number> => taken.get(bus) ?? new Set();
  for (const request of requests) take(request, takenOf(checkedBus(request)));
  return requests.map((request) => {
    const bus = checkedBus(request);
    const slot = request.slot ?? free(bus, takenOf(bus));
    takenOf(bus).add(slot);
    return { bus, slot };
  });
}

function checkedBus({ name, bus = "mmio" }: PlaceRequest): VirtioBus {
  if (VIRTIO_BUSES.includes(bus)) return bus;
  throw refused(`${name} on bus "${bus}"`, "there is no such bus", "use mmio or pci");
}

function take(request: PlaceRequest, taken: Set<number>): void {
  const { name, slot } = request;
  if (slot === undefined) return;
  const { first, last, noun } = BUSES[checkedBus(request)];
  if (!Number.isInteger(slot) || slot < first || slot > last) {
    const cause = `${noun} are ${first} to ${last}`;
    throw refused(`${name} in slot ${slot}`, cause, "use one of these, or leave it out");
  }
  if (taken.has(slot)) {
    throw refused(`${name} in slot ${slot}`, "a slot has one device", "use another slot");
  }
  taken.add(slot);
}

function free(bus: VirtioBus, taken: ReadonlySet<number>): number {
  const { first, last, isFilledUp, noun } = BUSES[bus];
  const [from, step] = isFilledUp ? [first, 1] : [last, -1];
  for (let slot = from; slot >= first && slot <= last; slot += step) {
    if (!taken.has(slot)) return slot;
  }
  const places = last - first + 1;
  const cause = `a machine has ${places} ${noun} for them`;
  throw refused(`${places + 1} virtio devices`, cause, "use fewer, or another bus");
}

function refused(what: string, cause: string, fix: string): ConfigurationError {
  return new ConfigurationError({ what, cause, fix });
}
