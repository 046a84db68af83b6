/** The devices that a machine has in its virtio slots: what a caller says of them, checked and with a slot each. */

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
import { assignPlaces, slotNumber } from "./slot_assignment.ts";

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
  /** Slots whose devices offer packed rings. */
  readonly packedSlots: ReadonlySet<number>;
}

/**
 * Checks devices of a machine with so many harts and fills in their defaults. Those without a slot get theirs in this
 * order. Throws ConfigurationError.
 */
export function describeDevices(
  { drives = [], networks = [], entropy = [], shares = [] }: SlotDeviceOptions,
  harts: number,
): SlotDevices {
  requireDistinctTags(shares);
  const requests = [
    ...drives.map((drive) => ({ ...drive, name: driveName(drive) })),
    ...networks.map((network) => ({ ...network, name: NETWORK_NAME })),
    ...entropy.map((source) => ({ ...source, name: ENTROPY_NAME })),
    ...shares.map((share) => ({ ...share, name: shareName(share) })),
  ];
  const slots = assignPlaces(requests).map(slotNumber);
  const packedSlots = new Set(slots.filter((_, index) => requests[index].packed === true));
  const left = slots.values();
  const next = (): number => left.next().value ?? 0;
  return {
    drives: drives.map((drive) => describeDrive(drive, next(), harts)),
    networks: networks.map((network, index) => describeNetwork(network, next(), index)),
    entropy: entropy.map(() => describeEntropy(next())),
    shares: shares.map((share) => describeShare(share, next())),
    packedSlots,
  };
}
