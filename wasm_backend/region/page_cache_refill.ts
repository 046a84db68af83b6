/**
 * Fills a page cache after a miss, unless it has given up.
 *
 * A cache that often goes back to the page it held before serves accesses that depend on data. Its misses
 * cannot be foreseen, and each costs the host a mispredicted branch, more than a probe of the TLB. So it
 * counts them, and in the end holds nothing any more: then it misses always, which is foreseen. Steps over an
 * array, forth and back even, do not count. When the caches are emptied, all of them try again.
 */
import { Control, PageCache, Tlb } from "../abi/vcpu_layout.ts";
import { type Expression, type ModuleBuilder, wasmType } from "../module_builder.ts";

const I32 = wasmType("i32");
const I64 = wasmType("i64");
const PAGE_SHIFT = 12n;
const PAGE_MASK = -4096n;
/** Low bits of a history: number of the page before. */
const PAGE_BEFORE = 0xff_ffff;
/** One return to the page before. An empty cache has the highest count. */
const ONE_RETURN = PAGE_BEFORE + 1;
const RETURNS = 16;
const NO_PATIENCE = (-RETURNS * ONE_RETURN) | 0;

const Local = { ADDRESS: 0, SPAN: 1, CACHE: 2, ADDEND: 3, HISTORY: 4 } as const;

/** What a function refills. */
export interface PageCacheRefill {
  /** Name of the function that searches for the page of a span. */
  readonly search: string;
  /** Number of the mmu mode. */
  readonly mmu: number;
  /** May caches give up? Only where the code that uses them has another way to find pages. */
  readonly canGiveUp: boolean;
}

/** Adds a function `(va, span word, cache) -> i32`: an addend, or odd. */
export function addPageCacheRefill(
  m: ModuleBuilder,
  name: string,
  { search, mmu, canGiveUp }: PageCacheRefill,
): void {
  const address = m.localGet(Local.ADDRESS, I64);
  const found = m.call(search, [address, m.localGet(Local.SPAN, I32)], I32);
  const body = m.block(null, [
    m.ifRare(isFailure(m, m.localTee(Local.ADDEND, found, I32)), [m.return(result(m))]),
    ...(canGiveUp ? keepHistory(m) : []),
    ...hold(m, m.binary("i64.and", m.localGet(Local.ADDRESS, I64), m.i64(PAGE_MASK)), result(m)),
    m.store("cpu", 1, I32, m.i32(Control.PAGE_CACHES_FILLED + mmu), m.i32(1)),
    result(m),
  ], I32);
  m.addFunction(name, [I64, I32, I32], I32, [I32, I32], body);
}

function keepHistory(m: ModuleBuilder): Expression[] {
  const cache = (): Expression => m.localGet(Local.CACHE, I32);
  const hasGivenUp = m.binary(
    "i32.eq",
    m.load("cpu", 4, false, I32, cache(), PageCache.ADDEND),
    m.i32(PageCache.GIVEN_UP),
  );
  return [
    m.if(hasGivenUp, m.return(result(m))),
    ...losePatience(m),
    m.store("cpu", 4, I32, cache(), rememberedPage(m), PageCache.HISTORY),
  ];
}

function result(m: ModuleBuilder): Expression {
  return m.localGet(Local.ADDEND, I32);
}

function isFailure(m: ModuleBuilder, addend: Expression): Expression {
  return m.binary("i32.and", addend, m.i32(1));
}

function hold(m: ModuleBuilder, tag: Expression, addend: Expression): Expression[] {
  const cache = (): Expression => m.localGet(Local.CACHE, I32);
  return [
    m.store("cpu", 8, I64, cache(), tag, PageCache.TAG),
    m.store("cpu", 4, I32, cache(), addend, PageCache.ADDEND),
  ];
}

function pageNumber(m: ModuleBuilder, address: Expression): Expression {
  return m.unary("i32.wrap_i64", m.binary("i64.shr_u", address, m.i64(PAGE_SHIFT)));
}

/** Statements that read the history, count a return in it, and give up after the last one. */
function losePatience(m: ModuleBuilder): Expression[] {
  const history = (): Expression => m.localGet(Local.HISTORY, I32);
  const page = pageNumber(m, m.localGet(Local.ADDRESS, I64));
  const difference = m.binary(
    "i32.and",
    m.binary("i32.xor", history(), page),
    m.i32(PAGE_BEFORE),
  );
  return [
    m.localSet(
      Local.HISTORY,
      m.load("cpu", 4, false, I32, m.localGet(Local.CACHE, I32), PageCache.HISTORY),
    ),
    m.if(
      m.unary("i32.eqz", difference),
      m.block(null, [
        m.localSet(Local.HISTORY, m.binary("i32.sub", history(), m.i32(ONE_RETURN))),
        m.if(
          m.binary("i32.lt_u", history(), m.i32(NO_PATIENCE)),
          m.block(null, [
            ...hold(m, m.i64(Tlb.INVALID_TAG), m.i32(PageCache.GIVEN_UP)),
            m.return(result(m)),
          ]),
        ),
      ]),
    ),
  ];
}

/** The history with the page that the cache holds as the page before. */
function rememberedPage(m: ModuleBuilder): Expression {
  const held = m.load("cpu", 8, false, I64, m.localGet(Local.CACHE, I32), PageCache.TAG);
  return m.binary(
    "i32.or",
    m.binary("i32.and", m.localGet(Local.HISTORY, I32), m.i32(~PAGE_BEFORE)),
    m.binary("i32.and", pageNumber(m, held), m.i32(PAGE_BEFORE)),
  );
}
