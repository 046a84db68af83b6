import { assertEquals } from "@std/assert";
import { Order } from "../ir/memory_order.ts";
import { fenceKind, type HostOrder, loadKind, storeKind } from "./host_order.ts";

const PAIRS = [Order.READ_READ, Order.READ_WRITE, Order.WRITE_READ, Order.WRITE_WRITE];

/** The pairs that cost something on a host. */
const DEAR: Readonly<Record<HostOrder, readonly number[]>> = {
  x64: [Order.WRITE_READ],
  arm64: [Order.WRITE_READ, Order.WRITE_WRITE],
  portable: PAIRS,
};

for (const host of ["x64", "arm64", "portable"] as const) {
  Deno.test(`on ${host} a fence is emitted exactly for the pairs that the host does not give`, () => {
    for (let order = Order.NONE; order <= Order.ALL; order++) {
      const isDear = DEAR[host].some((pair) => (order & pair) !== 0);
      assertEquals(fenceKind(host, order) !== "nothing", isDear, `${order}`);
    }
  });
}

Deno.test("a full barrier is an exchange on x64 and a fence elsewhere", () => {
  assertEquals(fenceKind("x64", Order.ALL), "exchange");
  assertEquals(fenceKind("arm64", Order.ALL), "fence");
  assertEquals(fenceKind("portable", Order.ALL), "fence");
});

Deno.test("a plain guest store is plain where the host keeps its promise, a release where it is one", () => {
  assertEquals(storeKind("x64", Order.NONE), "plain");
  assertEquals(storeKind("x64", Order.RELEASE), "plain");
  assertEquals(storeKind("x64", Order.ALL), "atomic");
  assertEquals(storeKind("arm64", Order.NONE), "plain");
  assertEquals(storeKind("arm64", Order.RELEASE), "atomic");
});

Deno.test("where nothing is known of the host every store is atomic", () => {
  for (let order = Order.NONE; order <= Order.ALL; order++) {
    assertEquals(storeKind("portable", order), "atomic");
  }
});

Deno.test("loads are plain only while nobody else writes", () => {
  assertEquals(loadKind(false), "plain");
  assertEquals(loadKind(true), "atomic");
});
