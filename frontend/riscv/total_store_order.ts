/**
 * What plain accesses ask for on harts with total store order.
 *
 * Source: Unprivileged ISA, "Ztso Extension for Total Store Ordering": loads behave as if they acquired, stores
 * as if they released, and atomic memory operations as if they did both.
 */
import { type AccessOrders, Order } from "../../ir/memory_order.ts";

/** The orders. */
export const TOTAL_STORE_ORDER: AccessOrders = {
  load: Order.ACQUIRE,
  store: Order.RELEASE,
  update: Order.ALL,
};
