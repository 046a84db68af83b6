/** Sources of entropy as a caller describes them. */

/** A source of entropy of a machine, as `-device virtio-rng-device`: random numbers of the host's. */
export interface EntropyOptions {
  /** As the number of `bus=virtio-mmio-bus.N`. Default: the last free one, as QEMU. */
  readonly slot?: number;
}

/** A source of entropy with every default filled in. */
export interface EntropyDescription {
  /** Its name in messages. */
  readonly name: string;
  /** Its slot. */
  readonly slot: number;
}

/** Its name in messages. */
export const ENTROPY_NAME = "a source of entropy";

/** Fills in the defaults. */
export function describeEntropy(slot: number): EntropyDescription {
  return { name: ENTROPY_NAME, slot };
}
