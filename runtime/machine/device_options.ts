/** The devices that a machine has in its virtio slots: what a caller says of them, checked and with a slot each. */

import {
  CONSOLE_NAME,
  type ConsoleDescription,
  type ConsoleOptions,
  describeConsole,
  requireDistinctPortNames,
} from "./console_options.ts";
import {
  describeDrive,
  type DriveDescription,
  driveName,
  type DriveOptions,
} from "./drive_options.ts";
import {
  describeEntropy,
  ENTROPY_NAME,
  type EntropyDescription,
  type EntropyOptions,
} from "./entropy_options.ts";
import { describeNetwork, NETWORK_NAME, type NetworkDescription } from "./network_description.ts";
import type { NetworkOptions } from "./network_options.ts";
import {
  describeShare,
  requireDistinctTags,
  type ShareDescription,
  shareName,
  type ShareOptions,
} from "./share_options.ts";
import { MAX_VECTORS } from "../pci/message_table.ts";
import { ConfigurationError } from "./configuration_error.ts";
import { assignPlaces, type PlugOptions, slotNumber } from "./slot_assignment.ts";

/** Devices as a caller describes them. */
export interface SlotDeviceOptions {
  /** As `-drive` and `-device virtio-blk-device`: disks, on board `virt`. Default: none. */
  readonly drives?: readonly DriveOptions[];
  /** As `-netdev` and `-device virtio-net-device`: network cards, on board `virt`. Default: none. */
  readonly networks?: readonly NetworkOptions[];
  /** As `-device virtio-rng-device`: sources of entropy, on board `virt`. Default: none. */
  readonly entropy?: readonly EntropyOptions[];
  /** As `-virtfs`: shared folders, on board `virt`. Default: none. */
  readonly shares?: readonly ShareOptions[];
  /** As `-device virtio-serial-device`: consoles with their ports, on board `virt`. Default: none. */
  readonly consoles?: readonly ConsoleOptions[];
}

/** Devices with every default filled in. */
export interface SlotDevices {
  /** Disks. */
  readonly drives: readonly DriveDescription[];
  /** Network cards. */
  readonly networks: readonly NetworkDescription[];
  /** Sources of entropy. */
  readonly entropy: readonly EntropyDescription[];
  /** Shared folders. */
  readonly shares: readonly ShareDescription[];
  /** Consoles. */
  readonly consoles: readonly ConsoleDescription[];
  /** Slots whose devices offer packed rings. */
  readonly packedSlots: ReadonlySet<number>;
  /** Vectors for interrupts by message, by slot, where they were asked for; null on a board that has none. */
  readonly vectors: ReadonlyMap<number, number> | null;
}

/**
 * Checks devices of a machine with so many harts and fills in their defaults. Those without a slot get theirs in this
 * order. Throws ConfigurationError.
 * @param hasMessages whether the board has interrupts by message
 */
export function describeDevices(
  { drives = [], networks = [], entropy = [], shares = [], consoles = [] }: SlotDeviceOptions,
  harts: number,
  hasMessages = false,
): SlotDevices {
  requireDistinctPortNames(consoles);
  requireDistinctTags(shares);
  const requests = [
    ...drives.map((drive) => ({ ...drive, name: driveName(drive) })),
    ...networks.map((network) => ({ ...network, name: NETWORK_NAME })),
    ...entropy.map((source) => ({ ...source, name: ENTROPY_NAME })),
    ...shares.map((share) => ({ ...share, name: shareName(share) })),
    ...consoles.map((one) => ({ ...one, name: CONSOLE_NAME })),
  ];
  const slots = assignPlaces(requests).map(slotNumber);
  const packedSlots = new Set(slots.filter((_, index) => requests[index].packed === true));
  for (const request of requests) checkVectors(request, hasMessages);
  const vectors = new Map(
    slots.flatMap((slot, index) => {
      const { vectors } = requests[index];
      return vectors === undefined ? [] : [[slot, vectors] as const];
    }),
  );
  const left = slots.values();
  const next = (): number => left.next().value ?? 0;
  return {
    drives: drives.map((drive) => describeDrive(drive, next(), harts)),
    networks: networks.map((network, index) => describeNetwork(network, next(), index)),
    entropy: entropy.map(() => describeEntropy(next())),
    shares: shares.map((share) => describeShare(share, next())),
    consoles: consoles.map((one) => describeConsole(one, next())),
    packedSlots,
    vectors: hasMessages ? vectors : null,
  };
}

function checkVectors(
  request: PlugOptions & { readonly name: string },
  hasMessages: boolean,
): void {
  const { name, bus = "mmio", vectors = 0 } = request;
  const isCount = Number.isInteger(vectors) && vectors >= 0 && vectors <= MAX_VECTORS;
  if (vectors === 0 || (isCount && bus === "pci" && hasMessages)) return;
  const what = `${name} with ${vectors} vectors`;
  if (!isCount) {
    const cause = `a device has up to ${MAX_VECTORS} interrupts by message`;
    throw new ConfigurationError({ what, cause, fix: `use 0 to ${MAX_VECTORS}, or leave it out` });
  }
  const cause = bus === "pci"
    ? "the board has no interrupts by message, so the device has its pin only"
    : "only devices on the PCI bus have interrupts by message";
  const fix = bus === "pci"
    ? "add aia=aplic-imsic to -M virt, or leave the vectors out"
    : "leave the vectors out";
  throw new ConfigurationError({ what, cause, fix });
}
