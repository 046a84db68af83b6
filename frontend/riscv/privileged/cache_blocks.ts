/**
 * May a cache-block management instruction work on a block? Where a load may go, it may: no page and no
 * protection entry gives stores alone. What is refused is refused as a store. Only RAM has blocks.
 *
 * Source: Unprivileged ISA, "Cache-Block Management Instructions" and "Traps".
 */
import { buildFunction } from "../../../ir/builder.ts";
import type { Region } from "../../../ir/region.ts";
import { AccessKind } from "../../frontend.ts";
import { Cause } from "./causes.ts";
import { dataPrivilege } from "./mode.ts";
import { CHECK_BLOCK, MMU_INDEX, WALK } from "./signatures.ts";

/** Both kinds of fault have the store's cause this far above the load's. */
const LOAD_TO_STORE = Cause.STORE_PAGE_FAULT - Cause.LOAD_PAGE_FAULT;
const PAGE_MASK = -4096;

/** Body of {@linkcode CHECK_BLOCK}. */
export function checkBlock(): Region {
  return buildFunction(CHECK_BLOCK, (b) => {
    const mmu = b.call(MMU_INDEX, dataPrivilege(b));
    const walked = b.call(WALK, b.parameter(0), b.i32(AccessKind.LOAD), mmu);
    b.when(b.ltS(walked, b.i64(0)), () => {
      b.return(b.sub(b.i32(LOAD_TO_STORE - 1), b.wrap(walked)));
    });
    const isRam = b.op("phys.in_ram", b.and(walked, b.i64(PAGE_MASK)));
    b.return(b.select(isRam, b.i32(0), b.i32(Cause.STORE_ACCESS_FAULT)));
  });
}
