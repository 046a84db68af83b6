/** Requests, configuration and numbers of block devices: "Block Device" of the virtio specification, version 1.2. */

import { Feature, type FeatureSet, featureSet } from "./registers.ts";

/** Unit of a disk's addresses, whatever its own blocks are. */
export const SECTOR_BYTES = 512;

/** Features by bit number. */
export const BlockFeature = {
  SEGMENT_MAX: 2,
  READ_ONLY: 5,
  BLOCK_SIZE: 6,
  FLUSH: 9,
  QUEUES: 12,
  DISCARD: 13,
  WRITE_ZEROES: 14,
} as const;

/** Kinds of requests. */
export const BlockRequest = {
  IN: 0,
  OUT: 1,
  FLUSH: 4,
  GET_ID: 8,
  DISCARD: 11,
  WRITE_ZEROES: 13,
} as const;

/** How a request ended. */
export const BlockStatus = { OK: 0, IO_ERROR: 1, UNSUPPORTED: 2 } as const;

/** Bytes of a request's header, and its fields. */
export const BlockHeader = { BYTES: 16, TYPE: 0, SECTOR: 8 } as const;

/** A range of DISCARD and WRITE_ZEROES. */
export const RangeField = { BYTES: 16, SECTOR: 0, COUNT: 8, FLAGS: 12 } as const;
/** The bit of a range to write zeros to that allows to discard it. */
export const RANGE_UNMAP = 1;

/** Bytes of a disk's serial number, padded with zeros. */
export const SERIAL_BYTES = 20;

/** Most segments of a request: a queue's descriptors without header and status. */
const SEGMENTS = 254;
/** Most sectors of a range to discard or to write zeros to. */
export const MAX_RANGE_SECTORS = 0x3f_ffff;

const Config = {
  CAPACITY: 0,
  SEGMENT_MAX: 12,
  BLOCK_SIZE: 20,
  QUEUES: 34,
  DISCARD_SECTORS: 36,
  DISCARD_SEGMENTS: 40,
  DISCARD_ALIGNMENT: 44,
  ZEROES_SECTORS: 48,
  ZEROES_SEGMENTS: 52,
  ZEROES_UNMAP: 56,
  BYTES: 60,
} as const;

/** The features of a disk with so many queues. */
export function blockFeatures(isReadonly: boolean, queues = 1): FeatureSet {
  return featureSet([
    Feature.INDIRECT_DESCRIPTORS,
    Feature.EVENT_INDEX,
    Feature.VERSION_1,
    BlockFeature.SEGMENT_MAX,
    BlockFeature.BLOCK_SIZE,
    BlockFeature.FLUSH,
    ...(queues > 1 ? [BlockFeature.QUEUES] : []),
    ...(isReadonly ? [BlockFeature.READ_ONLY] : [BlockFeature.DISCARD, BlockFeature.WRITE_ZEROES]),
  ]);
}

/** The configuration space of a disk. */
export function blockConfig(bytes: number, queues = 1): Uint8Array {
  const config = new DataView(new ArrayBuffer(Config.BYTES));
  config.setBigUint64(Config.CAPACITY, BigInt(Math.ceil(bytes / SECTOR_BYTES)), true);
  config.setUint32(Config.SEGMENT_MAX, SEGMENTS, true);
  config.setUint32(Config.BLOCK_SIZE, SECTOR_BYTES, true);
  config.setUint16(Config.QUEUES, queues, true);
  config.setUint32(Config.DISCARD_SECTORS, MAX_RANGE_SECTORS, true);
  config.setUint32(Config.DISCARD_SEGMENTS, 1, true);
  config.setUint32(Config.DISCARD_ALIGNMENT, 1, true);
  config.setUint32(Config.ZEROES_SECTORS, MAX_RANGE_SECTORS, true);
  config.setUint32(Config.ZEROES_SEGMENTS, 1, true);
  config.setUint8(Config.ZEROES_UNMAP, 1);
  return new Uint8Array(config.buffer);
}
