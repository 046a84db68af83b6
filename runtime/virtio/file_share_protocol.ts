/** Configuration and numbers of shared folders: "9P Transport" of the virtio specification's list of device types. */

import { Feature, type FeatureSet, featureSet } from "./registers.ts";

/** Features by bit number. */
const FileShareFeature = { MOUNT_TAG: 0 } as const;

/** Bytes of a tag at most: QEMU's limit. */
export const MAX_TAG_BYTES = 32;

const Config = { TAG_LENGTH: 0, TAG: 2 } as const;

/** The features of a shared folder. */
export const FILE_SHARE_FEATURES: FeatureSet = featureSet([
  Feature.INDIRECT_DESCRIPTORS,
  Feature.EVENT_INDEX,
  Feature.VERSION_1,
  FileShareFeature.MOUNT_TAG,
]);

/** The configuration space of a shared folder: the name by which it is mounted. */
export function fileShareConfig(tag: Uint8Array): Uint8Array {
  const config = new DataView(new ArrayBuffer(Config.TAG + tag.length));
  config.setUint16(Config.TAG_LENGTH, tag.length, true);
  const bytes = new Uint8Array(config.buffer);
  bytes.set(tag, Config.TAG);
  return bytes;
}
