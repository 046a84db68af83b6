/**
 * What cached translations belong to, and how they are dropped, as Wasm text: changes of the address space, fences
 * of an address, of an address space, of both or of everything.
 *
 * A TLB entry is shared by all address spaces or local to the present one. Another space is chosen by dropping the
 * local entries, which a list names; so the compare that each access makes needs no name of a space. Code found
 * by address (jump cache, mapping checks) and what page walks gave carry an epoch instead. Fetches through a TLB set have the shared
 * epoch until one of them went through a local translation, and from then on the epoch of the present space, which
 * the space gets back when it is chosen again. A fence begins new epochs only where code was entered.
 *
 * The guest's register that names the address space is compared as a whole: under each number there is one space
 * at a time, and guests that use one number for all lose it whenever they choose another.
 *
 * All of it runs where no region goes on with translations that it found: behind a departure.
 */
import {
  CONTEXT_MODE_BITS,
  Control,
  FlushFilter,
  LocalEntries,
  MappingChecks,
  RegionPages,
  SpaceRecords,
  Tlb,
  TLB_SET_BYTES,
  TLB_SETS,
  WalkCache,
} from "../abi/vcpu_layout.ts";
import { get32, get64, set32, set64 } from "./control_text.ts";

/** What a walk's result says beside the page; `frontend/frontend.ts` documents it. */
const Walked = { EXECUTE: 4, SHARED: 8, LEVEL_SHIFT: 4 } as const;

/** Bits of the operand that says what a fence covers. */
const Scope = { ADDRESS: 1, SPACE: 2 } as const;
const SCOPE_MASK = Scope.ADDRESS | Scope.SPACE;

/** Where the operands of fences and the address space register stand. */
export interface TranslationState {
  /** Byte offsets in private memory. */
  readonly address: number;
  readonly space: number;
  readonly scope: number;
  readonly register: number;
  /** Fields of the register: the scheme from a bit on, the number of the space. */
  readonly schemeShift: number;
  readonly numberShift: number;
  readonly numberOnes: number;
}

const EPOCH_STEP = 1 << CONTEXT_MODE_BITS;
const MODE_MASK = EPOCH_STEP - 1;
/** Epochs that one change may take, with room to spare; numbers end at 2^32. */
const SPARE_EPOCHS = 8;
const LAST_SAFE_EPOCH = -SPARE_EPOCHS * EPOCH_STEP;
const LEVEL_BITS = 9;
const PAGE_SHIFT = 12;
const RECORD_COUNT = 1 << SpaceRecords.INDEX_BITS;
/** Numbers of large levels' index patterns are apart, so that a page of one size is not taken for one of another. */
const LEVEL_SALT = 0x155;
const NO_SPACE = -1;
/** No epoch: the low bits of one are 0. */
const ANY_EPOCH = -1;
const TLB_END = Tlb.BASE + TLB_SETS * TLB_SET_BYTES;

const count = (counter: number): string =>
  set64(counter, `(i64.add ${get64(counter)} (i64.const 1))`);

/** Page caches of regions may hold what the TLB held once: any drop of translations concerns them. */
const stalePageCaches = set32(Control.PAGE_CACHES_STALE, "(i32.const 1)");

const dropEntry = `
    (i64.store $cpu offset=${Tlb.READ_TAG} (local.get $entry) (i64.const ${Tlb.INVALID_TAG}))
    (i64.store $cpu offset=${Tlb.WRITE_TAG} (local.get $entry) (i64.const ${Tlb.INVALID_TAG}))
    (i64.store $cpu offset=${Tlb.FETCH_TAG} (local.get $entry) (i64.const ${Tlb.INVALID_TAG}))`;

const epochOf = (set: string): string =>
  `(i32.load $cpu offset=${Control.SET_EPOCHS} (i32.shl ${set} (i32.const 2)))`;
const setEpochOf = (set: string, value: string): string =>
  `(i32.store $cpu offset=${Control.SET_EPOCHS} (i32.shl ${set} (i32.const 2)) ${value})`;

const filters = `
  (func $page_index (param $va i64) (result i32)
    (i32.and (i32.wrap_i64 (i64.shr_u (local.get $va) (i64.const ${PAGE_SHIFT}))) (i32.const ${
  FlushFilter.PAGES - 1
})))

  ;; Low bits above the shift, with the half of the address space above them.
  (func $half_index (param $va i64) (param $shift i64) (result i32)
    (i32.or
      (i32.and (i32.wrap_i64 (i64.shr_u (local.get $va) (local.get $shift))) (i32.const ${
  FlushFilter.ENTRIES / 2 - 1
}))
      (i32.wrap_i64 (i64.mul (i64.shr_u (local.get $va) (i64.const 63)) (i64.const ${
  FlushFilter.ENTRIES / 2
})))))

  (func $leaf_shift (param $level i32) (result i64)
    (i64.extend_i32_u (i32.add (i32.mul (local.get $level) (i32.const ${LEVEL_BITS})) (i32.const ${PAGE_SHIFT}))))

  (func $leaf_index (param $va i64) (param $level i32) (result i32)
    (i32.xor (call $half_index (local.get $va) (call $leaf_shift (local.get $level)))
      (i32.mul (i32.sub (local.get $level) (i32.const 1)) (i32.const ${LEVEL_SALT}))))

  ;; Compiled code is entered at an address.
  (func $note_code (param $va i64)
    (if (i32.and (i32.shr_u ${get32(Control.LOCAL_SETS)} ${get32(Control.FETCH_MMU)}) (i32.const 1))
      (then (i32.store8 $cpu offset=${FlushFilter.LOCAL_CODE} (call $page_index (local.get $va)) (i32.const 1)))
      (else
        (i32.store8 $cpu offset=${FlushFilter.SHARED_CODE} (call $page_index (local.get $va)) (i32.const 1))
        (i32.store8 $cpu offset=${FlushFilter.SHARED_AREA}
          (call $half_index (local.get $va) (i64.const ${FlushFilter.AREA_SHIFT})) (i32.const 1)))))

  ;; Was compiled code entered on the page, as far as the tables tell?
  (func $is_local_code (param $va i64) (result i32)
    (i32.load8_u $cpu offset=${FlushFilter.LOCAL_CODE} (call $page_index (local.get $va))))

  (func $is_shared_code (param $va i64) (result i32)
    (i32.and
      (i32.load8_u $cpu offset=${FlushFilter.SHARED_CODE} (call $page_index (local.get $va)))
      (i32.load8_u $cpu offset=${FlushFilter.SHARED_AREA}
        (call $half_index (local.get $va) (i64.const ${FlushFilter.AREA_SHIFT})))))`;

/** The level word of an entry that is being filled, and what follows from it. */
const noteLeaf = `
  (func $note_leaf (param $entry i32) (param $va i64) (param $leaf i32) (param $mmu i32)
    (local $level i32) (local $flags i32) (local $bit i32)
    (local.set $level (i32.and (i32.const ${Tlb.LEVEL_MASK})
      (i32.shr_u (local.get $leaf) (i32.const ${Walked.LEVEL_SHIFT}))))
    (local.set $flags (i32.load $cpu offset=${Tlb.LEVEL} (local.get $entry)))
    (if (i32.and (local.get $leaf) (i32.const ${Walked.SHARED}))
      (then (local.set $flags (i32.or (i32.const ${Tlb.SHARED})
        (i32.and (local.get $flags) (i32.const ${Tlb.UNLISTED})))))
      (else
        (if (i32.and (local.get $flags) (i32.const ${Tlb.UNLISTED})) (then
          (i32.store $cpu offset=${LocalEntries.BASE}
            (i32.shl ${
  get32(Control.LOCAL_ENTRIES)
} (i32.const ${LocalEntries.ENTRY_SHIFT})) (local.get $entry))
          ${
  set32(Control.LOCAL_ENTRIES, `(i32.add ${get32(Control.LOCAL_ENTRIES)} (i32.const 1))`)
}))
        (local.set $flags (i32.const 0))
        (if (i32.and (local.get $leaf) (i32.const ${Walked.EXECUTE}))
          (then (call $note_local_set (local.get $mmu))))))
    (i32.store $cpu offset=${Tlb.LEVEL} (local.get $entry) (i32.or (local.get $flags) (local.get $level)))
    (if (local.get $level) (then
      (local.set $bit (i32.shl (i32.const 1) (local.get $level)))
      ${set32(Control.LARGE_LEVELS, `(i32.or ${get32(Control.LARGE_LEVELS)} (local.get $bit))`)}
      (i32.store8 $cpu offset=${FlushFilter.LARGE_LEAF}
        (call $leaf_index (local.get $va) (local.get $level)) (i32.const 1)))))

  ;; Fetches of a set may depend on the address space from now on: what was found for it counts no more.
  (func $note_local_set (param $mmu i32)
    (local $bit i32)
    (local.set $bit (i32.shl (i32.const 1) (local.get $mmu)))
    (if (i32.and ${get32(Control.LOCAL_SETS)} (local.get $bit)) (then (return)))
    ${set32(Control.LOCAL_SETS, `(i32.or ${get32(Control.LOCAL_SETS)} (local.get $bit))`)}
    ${setEpochOf("(local.get $mmu)", get32(Control.SPACE_EPOCH))}
    (call $apply_epoch))`;

const WAYS_END = 1 << WalkCache.SET_SHIFT;
const FIRST_WAYS = WAYS_END - WalkCache.ENTRY_BYTES;

/** A loop over the ways of a set, from `$way` on; the body goes on with `$next`. */
const forWays = (body: string): string => `
    (local.set $end (i32.add (local.get $way) (i32.const ${WAYS_END})))
    (loop $next
      ${body}
      (local.set $way (i32.add (local.get $way) (i32.const ${WalkCache.ENTRY_BYTES})))
      (br_if $next (i32.lt_u (local.get $way) (local.get $end))))`;

/** What was walked before, in this address space or for all. */
const walkCache = `
  (func $walk_set (param $va i64) (result i32)
    (local $page i32)
    (local.set $page (i32.wrap_i64 (i64.shr_u (local.get $va) (i64.const ${PAGE_SHIFT}))))
    (i32.add (i32.const ${WalkCache.BASE}) (i32.shl
      (i32.and (i32.const ${(1 << WalkCache.INDEX_BITS) - 1})
        (i32.xor (local.get $page) (i32.shr_u (local.get $page) (i32.const ${WalkCache.INDEX_BITS}))))
      (i32.const ${WalkCache.SET_SHIFT}))))

  (func $walk_key (param $va i64) (param $mmu i32) (result i64)
    (i64.or (i64.and (local.get $va) (i64.const -4096)) (i64.extend_i32_u (local.get $mmu))))

  ;; Was it walked in this address space, or for all?
  (func $is_live (param $way i32) (result i32)
    (local $epoch i32)
    (local.set $epoch (i32.load $cpu offset=${WalkCache.EPOCH} (local.get $way)))
    (i32.or (i32.eq (local.get $epoch) ${get32(Control.SPACE_EPOCH)})
      (i32.eq (local.get $epoch) ${get32(Control.SHARED_EPOCH)})))

  ;; Host page and permissions when these allow the access, or 0.
  (func $walked_before (param $va i64) (param $access i32) (param $mmu i32) (result i32)
    (local $way i32) (local $end i32) (local $key i64) (local $leaf i32)
    (local.set $way (call $walk_set (local.get $va)))
    (local.set $key (call $walk_key (local.get $va) (local.get $mmu)))
    ${
  forWays(
    `(if (i64.eq (local.get $key) (i64.load $cpu offset=${WalkCache.KEY} (local.get $way))) (then
        (local.set $leaf (i32.load $cpu offset=${WalkCache.LEAF} (local.get $way)))
        (if (i32.and (call $is_live (local.get $way))
            (i32.shr_u (local.get $leaf) (local.get $access)))
          (then
            ${count(Control.WALKS_AVOIDED)}
            (return (local.get $leaf))))))`,
  )
}
    (i32.const 0))

  ;; In place of what was known of the page here, else of the oldest of the set.
  (func $remember_walk (param $va i64) (param $leaf i32) (param $mmu i32)
    (local $way i32) (local $end i32) (local $set i32) (local $key i64)
    ${count(Control.PAGE_WALKS)}
    (local.set $set (call $walk_set (local.get $va)))
    (local.set $way (local.get $set))
    (local.set $key (call $walk_key (local.get $va) (local.get $mmu)))
    (block $place
      ${
  forWays(
    `(if (i64.eq (local.get $key) (i64.load $cpu offset=${WalkCache.KEY} (local.get $way)))
        (then (br_if $place (call $is_live (local.get $way)))))`,
  )
}
      (memory.copy $cpu $cpu (i32.add (local.get $set) (i32.const ${WalkCache.ENTRY_BYTES})) (local.get $set)
        (i32.const ${FIRST_WAYS}))
      (local.set $way (local.get $set)))
    (i64.store $cpu offset=${WalkCache.KEY} (local.get $way) (local.get $key))
    (i32.store $cpu offset=${WalkCache.LEAF} (local.get $way) (local.get $leaf))
    (i32.store $cpu offset=${WalkCache.EPOCH} (local.get $way)
      (select ${get32(Control.SHARED_EPOCH)} ${get32(Control.SPACE_EPOCH)}
        (i32.and (local.get $leaf) (i32.const ${Walked.SHARED})))))

  ;; What was walked of a page goes, if its epoch is the given one; -1: any epoch.
  (func $forget_walk (param $va i64) (param $epoch i32)
    (local $way i32) (local $end i32)
    (local.set $way (call $walk_set (local.get $va)))
    ${
  forWays(`(if (i32.and
          (i64.eqz (i64.shr_u (i64.xor (local.get $va) (i64.load $cpu offset=${WalkCache.KEY} (local.get $way)))
            (i64.const ${PAGE_SHIFT})))
          (i32.or (i32.eq (local.get $epoch) (i32.const ${ANY_EPOCH}))
            (i32.eq (local.get $epoch) (i32.load $cpu offset=${WalkCache.EPOCH} (local.get $way)))))
        (then (i64.store $cpu offset=${WalkCache.KEY} (local.get $way) (i64.const ${Tlb.INVALID_TAG}))))`)
})`;

const epochs = `
  ;; The epoch of the present fetches into the context.
  (func $apply_epoch
    ${
  set32(
    Control.CONTEXT,
    `(i32.or (i32.and ${get32(Control.CONTEXT)} (i32.const ${MODE_MASK})) ${
      epochOf(get32(Control.FETCH_MMU))
    })`,
  )
})

  (func $new_epoch (result i32)
    ${set32(Control.LAST_EPOCH, `(i32.add ${get32(Control.LAST_EPOCH)} (i32.const ${EPOCH_STEP}))`)}
    ${get32(Control.LAST_EPOCH)})

  ;; Dropping everything begins the numbers anew when they are nearly used up.
  (func $spare_epochs
    (if (i32.ge_u ${
  get32(Control.LAST_EPOCH)
} (i32.const ${LAST_SAFE_EPOCH})) (then (call $host_translation_changed))))

  (func $share_epochs
    (local $set i32)
    (loop $next
      (if (i32.and (i32.shr_u ${get32(Control.LOCAL_SETS)} (local.get $set)) (i32.const 1))
        (then ${setEpochOf("(local.get $set)", get32(Control.SPACE_EPOCH))})
        (else ${setEpochOf("(local.get $set)", get32(Control.SHARED_EPOCH))}))
      (local.set $set (i32.add (local.get $set) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $set) (i32.const ${TLB_SETS}))))
    (call $apply_epoch))`;

function spaces({ register, schemeShift, numberShift, numberOnes }: TranslationState): string {
  return `
  (func $number_of (param $register i64) (result i32)
    (i32.and (i32.wrap_i64 (i64.shr_u (local.get $register) (i64.const ${numberShift}))) (i32.const ${numberOnes})))

  (func $record_of (param $number i32) (result i32)
    (i32.add (i32.const ${SpaceRecords.BASE}) (i32.shl
      (i32.and (local.get $number) (i32.const ${
    RECORD_COUNT - 1
  })) (i32.const ${SpaceRecords.ENTRY_SHIFT}))))

  ;; The record of a space that has an epoch, or 0.
  (func $live_record (param $number i32) (result i32)
    (local $record i32)
    (local.set $record (call $record_of (local.get $number)))
    (if (i32.eqz (i32.load $cpu offset=${SpaceRecords.EPOCH} (local.get $record))) (then (return (i32.const 0))))
    (if (i32.ne (local.get $number)
        (call $number_of (i64.load $cpu offset=${SpaceRecords.REGISTER} (local.get $record))))
      (then (return (i32.const 0))))
    (local.get $record))

  (func $renew_space
    (local $record i32)
    (local.set $record (call $record_of (call $number_of ${get64(Control.SPACE)})))
    ${set32(Control.SPACE_EPOCH, "(call $new_epoch)")}
    (i64.store $cpu offset=${SpaceRecords.REGISTER} (local.get $record) ${get64(Control.SPACE)})
    (i32.store $cpu offset=${SpaceRecords.EPOCH} (local.get $record) ${get32(Control.SPACE_EPOCH)})
    (call $share_epochs))

  ;; Translations of the present address space alone go.
  (func $drop_local
    (local $at i32) (local $end i32) (local $entry i32) (local $flags i32)
    (local.set $end (i32.shl ${
    get32(Control.LOCAL_ENTRIES)
  } (i32.const ${LocalEntries.ENTRY_SHIFT})))
    ${set32(Control.LOCAL_ENTRIES, "(i32.const 0)")}
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $entry (i32.load $cpu offset=${LocalEntries.BASE} (local.get $at)))
        (local.set $flags (i32.load $cpu offset=${Tlb.LEVEL} (local.get $entry)))
        (i32.store $cpu offset=${Tlb.LEVEL} (local.get $entry)
          (i32.or (local.get $flags) (i32.const ${Tlb.UNLISTED})))
        (if (i32.eqz (i32.and (local.get $flags) (i32.const ${Tlb.SHARED}))) (then ${dropEntry}))
        (local.set $at (i32.add (local.get $at) (i32.const ${1 << LocalEntries.ENTRY_SHIFT})))
        (br $next))))

  ;; The register names another address space; another scheme gives all addresses another meaning.
  (func $choose_space
    (local $before i64) (local $record i32)
    (local.set $before ${get64(Control.SPACE)})
    ${set64(Control.SPACE, `(i64.load $cpu (i32.const ${register}))`)}
    (if (i64.ne (i64.const 0) (i64.shr_u (i64.xor (local.get $before) ${get64(Control.SPACE)})
        (i64.const ${schemeShift})))
      (then (call $host_translation_changed) (return)))
    ${count(Control.FLUSHES_AVOIDED)}
    ${stalePageCaches}
    (call $spare_epochs)
    (call $drop_local)
    (local.set $record (call $live_record (call $number_of ${get64(Control.SPACE)})))
    (if (local.get $record) (then
      (if (i64.eq ${
    get64(Control.SPACE)
  } (i64.load $cpu offset=${SpaceRecords.REGISTER} (local.get $record))) (then
        ${
    set32(Control.SPACE_EPOCH, `(i32.load $cpu offset=${SpaceRecords.EPOCH} (local.get $record))`)
  }
        (call $share_epochs)
        (return)))))
    (call $renew_space))`;
}

/** Fences. A number of -1 stands for all address spaces. */
const fences = `
  ;; Does a fence of this number concern the present address space?
  (func $is_present (param $number i32) (result i32)
    (i32.or (i32.lt_s (local.get $number) (i32.const 0))
      (i32.eq (local.get $number) (call $number_of ${get64(Control.SPACE)}))))

  ;; Which translations a fence of this number leaves: those that all spaces share, unless it is for all.
  (func $kept_flag (param $number i32) (result i32)
    (select (i32.const 0) (i32.const ${Tlb.SHARED}) (i32.lt_s (local.get $number) (i32.const 0))))

  (func $drop_page (param $va i64) (param $kept i32)
    (local $entry i32)
    (local.set $entry (call $tlb_entry (local.get $va) (i32.const ${Tlb.BASE})))
    (loop $next
      (if (i32.eqz (i32.and (local.get $kept) (i32.load $cpu offset=${Tlb.LEVEL} (local.get $entry))))
        (then ${dropEntry}))
      (local.set $entry (i32.add (local.get $entry) (i32.const ${TLB_SET_BYTES})))
      (br_if $next (i32.lt_u (local.get $entry) (i32.const ${TLB_END})))))

  (func $is_inside (param $tag i64) (param $va i64) (param $shift i64) (result i32)
    (i64.eqz (i64.shr_u (i64.xor (local.get $tag) (local.get $va)) (local.get $shift))))

  ;; The pages of a leaf of this level go, wherever they are cached.
  (func $drop_leaf (param $va i64) (param $level i32) (param $kept i32)
    (local $entry i32) (local $flags i32) (local $shift i64)
    (local.set $shift (call $leaf_shift (local.get $level)))
    (local.set $entry (i32.const ${Tlb.BASE}))
    (loop $next
      (local.set $flags (i32.load $cpu offset=${Tlb.LEVEL} (local.get $entry)))
      (if (i32.and
          (i32.eq (local.get $level) (i32.and (local.get $flags) (i32.const ${Tlb.LEVEL_MASK})))
          (i32.eqz (i32.and (local.get $kept) (local.get $flags))))
        (then
          (if (i32.or (i32.or
              (call $is_inside (i64.load $cpu offset=${Tlb.READ_TAG} (local.get $entry)) (local.get $va) (local.get $shift))
              (call $is_inside (i64.load $cpu offset=${Tlb.WRITE_TAG} (local.get $entry)) (local.get $va) (local.get $shift)))
              (call $is_inside (i64.load $cpu offset=${Tlb.FETCH_TAG} (local.get $entry)) (local.get $va) (local.get $shift)))
            (then ${dropEntry}))))
      (local.set $entry (i32.add (local.get $entry) (i32.const ${Tlb.ENTRY_BYTES})))
      (br_if $next (i32.lt_u (local.get $entry) (i32.const ${TLB_END})))))

  ;; 1 when the address may be inside of a leaf above a page.
  (func $drop_large (param $va i64) (param $number i32) (result i32)
    (local $level i32) (local $found i32)
    (if (i32.eqz ${get32(Control.LARGE_LEVELS)}) (then (return (i32.const 0))))
    (local.set $level (i32.const 1))
    (loop $next
      (if (i32.and
          (i32.shr_u ${get32(Control.LARGE_LEVELS)} (local.get $level))
          (i32.load8_u $cpu offset=${FlushFilter.LARGE_LEAF}
            (call $leaf_index (local.get $va) (local.get $level))))
        (then
          (local.set $found (i32.const 1))
          (if (call $is_present (local.get $number))
            (then (call $drop_leaf (local.get $va) (local.get $level) (call $kept_flag (local.get $number)))))))
      (local.set $level (i32.add (local.get $level) (i32.const 1)))
      (br_if $next (i32.shr_u ${get32(Control.LARGE_LEVELS)} (local.get $level))))
    (local.get $found))

  (func $forget_spaces
    (memory.fill $cpu (i32.const ${SpaceRecords.BASE}) (i32.const 0) (i32.const ${
  RECORD_COUNT << SpaceRecords.ENTRY_SHIFT
}))
    (memory.fill $cpu (i32.const ${FlushFilter.LOCAL_CODE}) (i32.const 0) (i32.const ${FlushFilter.PAGES})))

  ;; What code was found at addresses of one space counts no more.
  (func $forget_space_code (param $number i32)
    (local $record i32)
    (if (i32.lt_s (local.get $number) (i32.const 0)) (then (call $forget_spaces) (call $renew_space) (return)))
    (if (call $is_present (local.get $number)) (then (call $renew_space) (return)))
    (local.set $record (call $live_record (local.get $number)))
    (if (local.get $record)
      (then (i32.store $cpu offset=${SpaceRecords.EPOCH} (local.get $record) (i32.const 0)))))

  (func $forget_shared_code
    (memory.fill $cpu (i32.const ${FlushFilter.SHARED_CODE}) (i32.const 0) (i32.const ${FlushFilter.PAGES}))
    (memory.fill $cpu (i32.const ${FlushFilter.SHARED_AREA}) (i32.const 0) (i32.const ${FlushFilter.ENTRIES}))
    ${set32(Control.SHARED_EPOCH, "(call $new_epoch)")}
    (call $share_epochs))

  ;; The epoch of what a fence of this number drops; 0 when there is none.
  (func $epoch_of (param $number i32) (result i32)
    (local $record i32)
    (if (i32.lt_s (local.get $number) (i32.const 0)) (then (return (i32.const ${ANY_EPOCH}))))
    (if (call $is_present (local.get $number)) (then (return ${get32(Control.SPACE_EPOCH)})))
    (local.set $record (call $live_record (local.get $number)))
    (if (i32.eqz (local.get $record)) (then (return (i32.const 0))))
    (i32.load $cpu offset=${SpaceRecords.EPOCH} (local.get $record)))

  (func $fence_address (param $va i64) (param $number i32)
    (local $is_large i32)
    (if (call $is_present (local.get $number))
      (then (call $drop_page (local.get $va) (call $kept_flag (local.get $number)))))
    (call $forget_walk (local.get $va) (call $epoch_of (local.get $number)))
    (local.set $is_large (call $drop_large (local.get $va) (local.get $number)))
    (if (i32.or (local.get $is_large) (call $is_local_code (local.get $va)))
      (then (call $forget_space_code (local.get $number))))
    (if (i32.and (i32.lt_s (local.get $number) (i32.const 0))
        (i32.or (local.get $is_large) (call $is_shared_code (local.get $va))))
      (then (call $forget_shared_code))))

  (func $fence_space (param $number i32)
    (if (call $is_present (local.get $number)) (then (call $drop_local)))
    (call $forget_space_code (local.get $number)))`;

function operands({ address, space, scope, numberOnes }: TranslationState): string {
  return `
  ;; Is nothing of a space cached?
  (func $is_unknown (param $number i32) (result i32)
    (i32.eqz (i32.or (call $is_present (local.get $number)) (call $live_record (local.get $number)))))

  ;; Drops what the guest's operands say.
  (func $flush_translations (export "flush_translations")
    (local $scope i32) (local $number i32)
    (local.set $scope (i32.and (i32.load $cpu (i32.const ${scope})) (i32.const ${SCOPE_MASK})))
    (if (i32.eqz (local.get $scope)) (then (call $host_translation_changed) (return)))
    (local.set $number (i32.const ${NO_SPACE}))
    (if (i32.and (local.get $scope) (i32.const ${Scope.SPACE})) (then
      (local.set $number (i32.and (i32.load $cpu (i32.const ${space})) (i32.const ${numberOnes})))
      (if (call $is_unknown (local.get $number)) (then ${
    count(Control.FLUSHES_AVOIDED)
  } (return)))))
    ${count(Control.FLUSHES_PARTIAL)}
    ${stalePageCaches}
    (call $spare_epochs)
    (if (i32.and (local.get $scope) (i32.const ${Scope.ADDRESS}))
      (then (call $fence_address (i64.load $cpu (i32.const ${address})) (local.get $number)))
      (else (call $fence_space (local.get $number)))))

  ;; What may be older than stores that the hart knows of goes; the rest carries the number of its page's stores.
  (func $flush_instructions (export "flush_instructions")
    ${count(Control.INSTRUCTION_FENCES)}
    (if ${get32(Control.PROVISIONAL_PAGES)} (then (call $host_drop_provisional))))`;
}

/** What a region that spans pages asks: are its other pages mapped as when it was built? Remembered with the context. */
const checkMapping = `
  (func $check_mapping (export "check_mapping") (param $slot i32) (param $low i32) (param $high i32) (result i32)
    (local $pages i32) (local $at i32) (local $page i32) (local $host i32) (local $origin i64) (local $va i64)
    (local.set $origin (i64.or (i64.extend_i32_u (local.get $low))
      (i64.shl (i64.extend_i32_u (local.get $high)) (i64.const 32))))
    (local.set $pages (i32.add (i32.const ${RegionPages.BASE})
      (i32.shl (local.get $slot) (i32.const ${RegionPages.ENTRY_SHIFT}))))
    (loop $next
      (local.set $page (i32.load $cpu (i32.add (local.get $pages) (i32.shl (local.get $at) (i32.const 2)))))
      (if (local.get $page) (then
        (local.set $va (i64.add (local.get $origin) (i64.extend_i32_s
          (i32.shl (i32.sub (local.get $at) (i32.const ${RegionPages.REACH})) (i32.const ${PAGE_SHIFT})))))
        (local.set $host (call $translate_fetch (local.get $va)))
        ${set32(Control.FAULT, "(i32.const 0)")}
        (if (i32.ne (i32.add (i32.shr_u (local.get $host) (i32.const ${PAGE_SHIFT})) (i32.const 1)) (local.get $page))
          (then (return (i32.const 0))))
        (call $note_code (local.get $va))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.le_u (local.get $at) (i32.const ${2 * RegionPages.REACH}))))
    (i64.store $cpu offset=${MappingChecks.BASE} (i32.shl (local.get $slot) (i32.const ${MappingChecks.ENTRY_SHIFT}))
      (i64.or (i64.extend_i32_u ${get32(Control.CONTEXT)})
        (i64.shl (i64.shr_u (local.get $origin) (i64.const ${PAGE_SHIFT})) (i64.const 32))))
    (i32.const 1))`;

/** Text of all functions of this file. */
export function translationFunctions(state: TranslationState): string {
  return [
    filters,
    noteLeaf,
    walkCache,
    epochs,
    spaces(state),
    fences,
    operands(state),
    checkMapping,
  ].join("\n");
}
