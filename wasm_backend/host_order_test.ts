import { assertEquals } from "@std/assert";
import { Order } from "../ir/memory_order.ts";
import {
  fenceBehindUpdate,
  fenceKind,
  HOST_COLUMNS,
  HOST_ORDERS,
  loadKind,
  storeKind,
} from "./host_order.ts";

const { x64, arm64, portable } = HOST_COLUMNS;
const PAIRS = [Order.READ_READ, Order.READ_WRITE, Order.WRITE_READ, Order.WRITE_WRITE];

/** The pairs that cost something on a host. */
const DEAR: Readonly<Record<typeof HOST_ORDERS[number], readonly number[]>> = {
  x64: [Order.WRITE_READ],
  arm64: [Order.WRITE_READ, Order.WRITE_WRITE],
  portable: PAIRS,
};

for (const host of HOST_ORDERS) {
  Deno.test(`on ${host} a fence is emitted exactly for the pairs that the host does not give`, () => {
    for (let order = Order.NONE; order <= Order.ALL; order++) {
      const isDear = DEAR[host].some((pair) => (order & pair) !== 0);
      assertEquals(fenceKind(HOST_COLUMNS[host], order) !== "nothing", isDear, `${order}`);
    }
  });
}

Deno.test("a full barrier is an exchange on x64 and a fence elsewhere", () => {
  assertEquals(fenceKind(x64, Order.ALL), "exchange");
  assertEquals(fenceKind(arm64, Order.ALL), "fence");
  assertEquals(fenceKind(portable, Order.ALL), "fence");
});

Deno.test("a plain guest store is plain where the host keeps its promise, a release where it is one", () => {
  assertEquals(storeKind(x64, Order.NONE), "plain");
  assertEquals(storeKind(x64, Order.RELEASE), "plain");
  assertEquals(storeKind(x64, Order.ALL), "atomic");
  assertEquals(storeKind(arm64, Order.NONE), "plain");
  assertEquals(storeKind(arm64, Order.RELEASE), "atomic");
});

Deno.test("where nothing is known of the host every store is atomic", () => {
  for (let order = Order.NONE; order <= Order.ALL; order++) {
    assertEquals(storeKind(portable, order), "atomic");
  }
});

Deno.test("loads are plain only while nobody else writes", () => {
  for (const host of HOST_ORDERS) {
    assertEquals(loadKind(HOST_COLUMNS[host], false), "plain");
    assertEquals(loadKind(HOST_COLUMNS[host], true), "atomic");
  }
});

Deno.test("only on arm64 a later plain store may pass an update that acquires", () => {
  for (const order of [Order.ACQUIRE, Order.ALL]) {
    assertEquals(fenceBehindUpdate(x64, order), "nothing");
    assertEquals(fenceBehindUpdate(arm64, order), "fence");
    assertEquals(fenceBehindUpdate(portable, order), "nothing");
  }
  for (const order of [Order.NONE, Order.RELEASE]) {
    assertEquals(fenceBehindUpdate(arm64, order), "nothing");
  }
});
