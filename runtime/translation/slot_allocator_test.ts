import { assertEquals } from "@std/assert";
import { REGION_SLOTS } from "../../wasm_backend/abi/vcpu_layout.ts";
import { Vcpu, vcpuWord } from "../atomics/shared_layout.ts";
import { sharedWords } from "./hotspot_fixture.ts";
import { SlotAllocator } from "./slot_allocator.ts";

const HARTS = 3;

function acknowledge(words: Int32Array, hart: number, ticket: number): void {
  words[vcpuWord(hart, Vcpu.RETIRE_ACK) >> 2] = ticket;
}

/** Takes slots until there is none. */
function takeAll(slots: SlotAllocator): number[] {
  const taken: number[] = [];
  for (let slot = slots.take(); slot !== 0; slot = slots.take()) taken.push(slot);
  return taken;
}

Deno.test("every slot but 0 is handed out once", () => {
  const taken = takeAll(new SlotAllocator(sharedWords(HARTS)));
  assertEquals(taken.length, REGION_SLOTS - 1);
  assertEquals(new Set(taken).size, taken.length);
});

Deno.test("a retired slot is used again once the last vCPU has acknowledged its ticket", () => {
  const words = sharedWords(HARTS);
  const slots = new SlotAllocator(words);
  takeAll(slots);
  const first = slots.retire([5, 6]);
  const second = slots.retire([7]);
  assertEquals(slots.take(), 0);
  acknowledge(words, 0, second);
  acknowledge(words, 1, second);
  assertEquals(slots.take(), 0);
  acknowledge(words, 2, first);
  assertEquals(takeAll(slots).toSorted(), [5, 6]);
  acknowledge(words, 2, second);
  assertEquals(takeAll(slots), [7]);
});

Deno.test("retiring nothing takes no new ticket", () => {
  const slots = new SlotAllocator(sharedWords(HARTS));
  const ticket = slots.retire([1]);
  assertEquals(slots.retire([]), ticket);
  assertEquals(slots.retire([2]), ticket + 1);
});

Deno.test("a module that retires nothing has been taken when the last vCPU has acknowledged it", () => {
  const words = sharedWords(HARTS);
  const slots = new SlotAllocator(words);
  slots.retire([1]);
  const ticket = slots.ticket();
  for (let hart = 0; hart < HARTS; hart++) {
    assertEquals(slots.isAcknowledged(ticket), false);
    acknowledge(words, hart, ticket);
  }
  assertEquals(slots.isAcknowledged(ticket), true);
});
