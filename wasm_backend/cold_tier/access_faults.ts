/**
 * Exception causes that the memory functions raise by themselves; the frontend gives the numbers.
 */
export interface AccessFaults {
  /** Fetch from where nothing executable is. */
  readonly fetchAccess: number;
  /** Load from where nothing is. */
  readonly loadAccess: number;
  /** Store to where nothing is. */
  readonly storeAccess: number;
  /** Misaligned load-reserved. */
  readonly loadMisaligned: number;
  /** Misaligned atomic update or store-conditional. */
  readonly storeMisaligned: number;
}
