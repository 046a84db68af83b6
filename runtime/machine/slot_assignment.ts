/** Which device is in which virtio slot: the one that it asks for, or the last free one, as QEMU does it. */

import { ConfigurationError } from "./configuration_error.ts";

/** Slots of a machine. */
export const SLOTS = 8;

/** What wants a slot. */
export interface SlotRequest {
  /** Its name in messages. */
  readonly name: string;
  /** The slot that it asks for. */
  readonly slot?: number | undefined;
}

/** The slots of these devices, which are assigned in this order. Throws ConfigurationError. */
export function assignSlots(requests: readonly SlotRequest[]): number[] {
  if (requests.length > SLOTS) {
    const cause = `a machine has ${SLOTS} slots for them`;
    throw refused(`${requests.length} virtio devices`, cause, "use fewer");
  }
  const taken = new Set<number>();
  for (const request of requests) take(request, taken);
  return requests.map(({ slot }) => {
    if (slot !== undefined) return slot;
    const free = lastFree(taken);
    taken.add(free);
    return free;
  });
}

function take({ name, slot }: SlotRequest, taken: Set<number>): void {
  if (slot === undefined) return;
  if (!Number.isInteger(slot) || slot < 0 || slot >= SLOTS) {
    const cause = `slots are 0 to ${SLOTS - 1}`;
    throw refused(`${name} in slot ${slot}`, cause, "use one of these, or leave it out");
  }
  if (taken.has(slot)) {
    throw refused(`${name} in slot ${slot}`, "a slot has one device", "use another slot");
  }
  taken.add(slot);
}

function lastFree(taken: ReadonlySet<number>): number {
  let slot = SLOTS - 1;
  while (taken.has(slot)) slot--;
  return slot;
}

function refused(what: string, cause: string, fix: string): ConfigurationError {
  return new ConfigurationError({ what, cause, fix });
}
