/** What has a part in the state of a machine: all that its future depends on, and nothing of how it is translated. */
import type { RollingHash } from "../replay/mixing_hash.ts";

/** Brings back what was. */
export type Restore = () => void;

/** A part of a machine with state of its own outside of guest memory and device structs. */
export interface StateKeeper {
  /** Keeps the state as it is now. @returns brings it back, any number of times */
  save(): Restore;
  /** Adds the state to a hash: equal for states that have the same future. */
  addTo(hash: RollingHash): void;
}
