/** Frames' headers, configuration and numbers of network cards: "Network Device" of the virtio specification, 1.2. */

import { MAC_BYTES } from "../network/mac_address.ts";
import { Feature, type FeatureSet, featureSet } from "./registers.ts";

/** Features by bit number. */
export const NetworkFeature = {
  /** The device completes checksums that the driver leaves out. */
  CHECKSUM: 0,
  /** The driver takes frames whose checksum is left out. */
  GUEST_CHECKSUM: 1,
  MAC: 5,
  /** The driver takes frames that stand for several segments of TCP, over version 4 and over version 6. */
  GUEST_BURSTS_4: 7,
  GUEST_BURSTS_6: 8,
  /** The device takes such frames. */
  HOST_BURSTS_4: 11,
  HOST_BURSTS_6: 12,
  /** A frame may take several buffers. */
  MERGED_BUFFERS: 15,
  STATUS: 16,
} as const;

/** Features about work that one side leaves to the other. */
const SHARED_WORK = [
  NetworkFeature.CHECKSUM,
  NetworkFeature.GUEST_CHECKSUM,
  NetworkFeature.GUEST_BURSTS_4,
  NetworkFeature.GUEST_BURSTS_6,
  NetworkFeature.HOST_BURSTS_4,
  NetworkFeature.HOST_BURSTS_6,
] as const;

/** The queues of a card. */
export const NetworkQueue = { RECEIVE: 0, TRANSMIT: 1, COUNT: 2 } as const;

/** The header in front of each frame. */
export const FrameHeader = {
  BYTES: 12,
  FLAGS: 0,
  BURST_TYPE: 1,
  HEADER_LENGTH: 2,
  SEGMENT_BYTES: 4,
  CHECKSUM_START: 6,
  CHECKSUM_OFFSET: 8,
  BUFFERS: 10,
} as const;
/** The frame's checksum is to be completed. */
export const NEEDS_CHECKSUM = 1;
/** Kinds of frames that stand for several. */
export const BurstType = { NONE: 0, TCP_4: 1, TCP_6: 4 } as const;

/** Most bytes of a frame that is one. */
export const PLAIN_FRAME_BYTES = 1514;

const LINK_IS_UP = 1;
const Config = { MAC: 0, STATUS: MAC_BYTES, BYTES: 10 } as const;

/** The features of a card. @param sharesWork does the network behind it take frames with work left to do? */
export function networkFeatures(sharesWork: boolean): FeatureSet {
  return featureSet([
    Feature.INDIRECT_DESCRIPTORS,
    Feature.EVENT_INDEX,
    Feature.VERSION_1,
    NetworkFeature.MAC,
    NetworkFeature.STATUS,
    NetworkFeature.MERGED_BUFFERS,
    ...(sharesWork ? SHARED_WORK : []),
  ]);
}

/** The configuration space of a card. */
export function networkConfig(mac: Readonly<Uint8Array>): Uint8Array {
  const config = new Uint8Array(Config.BYTES);
  config.set(mac, Config.MAC);
  config[Config.STATUS] = LINK_IS_UP;
  return config;
}
