import { assertEquals } from "@std/assert";
import type { StateSlot } from "../../ir/guest_state.ts";
import { ALL_SPACES, fenceOfAll, type TranslationFence } from "../atomics/translation_fences.ts";
import { RemoteFences } from "./remote_fences.ts";
import { VcpuMemory } from "./vcpu_memory.ts";

const ELEMENT_BYTES = 8;

function slot(name: string, index: number): StateSlot {
  return { name, type: "i64", count: 1, promotable: false, offset: index * ELEMENT_BYTES };
}

const SLOTS = { address: slot("address", 0), space: slot("space", 1), scope: slot("scope", 2) };
const OWN = [11, 12, 13, 14, 15, 16];

/** What the guest's fence was carried out with, and the guest's own operands afterwards. */
function applied(fence: TranslationFence): { drops: number[][]; own: number[] } {
  const memory = new VcpuMemory();
  const state = memory.words.subarray(memory.stateIndex(SLOTS.address));
  state.set(OWN);
  const drops: number[][] = [];
  const drop = (): void => void drops.push([state[4], state[0], state[1], state[2]]);
  new RemoteFences(memory, SLOTS, drop).apply(fence);
  return { drops, own: [...state.subarray(0, OWN.length)] };
}

Deno.test("a range is dropped page by page, over the end of a half, in its space or in all", () => {
  const range = { addressLow: -8192, addressHigh: 5, pages: 3 };
  for (const [space, scope] of [[7, 3], [ALL_SPACES, 1]]) {
    const { drops, own } = applied({ ...range, space });
    assertEquals(drops, [
      [scope, -8192, 5, space],
      [scope, -4096, 5, space],
      [scope, 0, 6, space],
    ]);
    assertEquals(own, OWN, "the guest's fence may be next");
  }
});

Deno.test("a space and everything are dropped at once", () => {
  const space = applied({ ...fenceOfAll(), space: 9 });
  assertEquals(space.drops, [[2, 0, 0, 9]]);
  assertEquals(applied(fenceOfAll()).drops, [[0, 0, 0, ALL_SPACES]]);
  assertEquals(space.own, OWN);
});
