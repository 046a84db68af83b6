/**
 * What a pass is. The laws that passes keep are in the README beside this file.
 */
import type { Region } from "../ir/region.ts";

/** A transformation of a region, in place. */
export interface Pass {
  /** Name in lists and test files. */
  readonly name: string;
  /** Transforms the region; gives the number of changes. */
  run(region: Region): number;
}
