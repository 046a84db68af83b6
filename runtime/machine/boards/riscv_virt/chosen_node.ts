/** What the boot loader tells the kernel through `/chosen`. */

import type { DeviceTreeNode } from "../../../device_tree/node.ts";

/** Contents of `/chosen`; what is left out is not written. */
export interface ChosenProperties {
  /** Kernel command line. */
  readonly bootArguments?: string | undefined;
  /** First address of the initial RAM disk and the one after its last. */
  readonly initrd?: { readonly start: number; readonly end: number } | undefined;
  /** Entropy for the kernel's random number generator. */
  readonly randomSeed?: Uint8Array | undefined;
}

/** Writes the properties into `/chosen`, which is made when the tree has none. */
export function setChosen(root: DeviceTreeNode, properties: ChosenProperties): DeviceTreeNode {
  const { bootArguments, initrd, randomSeed } = properties;
  const chosen = root.child("chosen") ?? root.addChild("chosen");
  if (bootArguments) chosen.setStrings("bootargs", bootArguments);
  if (initrd !== undefined) {
    chosen.setWideCells("linux,initrd-start", initrd.start);
    chosen.setWideCells("linux,initrd-end", initrd.end);
  }
  if (randomSeed !== undefined) chosen.setBytes("rng-seed", randomSeed);
  return chosen;
}
