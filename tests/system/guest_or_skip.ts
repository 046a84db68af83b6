/** The Linux guest for tests that boot it, or the reason why they are skipped. */

import { ensureGuest, type GuestFiles, guestFolder } from "../tools/guest.ts";

/** The guest's files, or null where they cannot be had; says why. */
export async function guestOrSkip(): Promise<GuestFiles | null> {
  try {
    return await ensureGuest({ folder: guestFolder(), refresh: false, say: console.log });
  } catch (error) {
    console.log(`no Linux guest: ${error instanceof Error ? error.message : error}`);
    return null;
  }
}
