/**
 * The mode key: all that compiled code may assume of the hart's mode. It says which translations fetches and
 * data accesses use, whether data addresses are physical and unprotected, whether float instructions are
 * enabled, whether the dynamic rounding mode is the default, whether instructions may stand at any even address,
 * and the privilege.
 *
 * Source: RISC-V Privileged ISA, "Memory Privilege in mstatus Register", "Extension Context Status in mstatus
 * Register".
 */
import { type Builder, buildFunction } from "../../../ir/builder.ts";
import type { Region, Value } from "../../../ir/region.ts";
import type { ModeDescription } from "../../frontend.ts";
import type { BoundMode } from "../lift/lift_context.ts";
import { slot } from "../registers.ts";
import { anySet, field } from "./bit_fields.ts";
import { Privilege } from "./causes.ts";
import { isMachineUnbound } from "./physical_protection.ts";
import { Feature, hasFeature } from "./features.ts";
import { hasLetter } from "./machine_isa.ts";
import { ADDRESS_SPACE, IS_BARE, MMU_INDEX, MODE_KEY } from "./signatures.ts";
import { Status } from "./status_bits.ts";
import { MmuIndex, Satp } from "./translation_mode.ts";

/** Places of the fields in a mode key. */
const Key = {
  FETCH_SHIFT: 0,
  DATA_SHIFT: 3,
  FLOAT_SHIFT: 6,
  NEAREST_SHIFT: 7,
  PRIVILEGE_SHIFT: 8,
  OPEN_SHIFT: 10,
  LONG_ONLY_SHIFT: 11,
  MMU_ONES: 7,
  PRIVILEGE_ONES: 3,
} as const;

const PRIVILEGE_ONES = 3;

function returnMmu(b: Builder, index: number): void {
  b.return(b.i32(index));
}

/** Translated accesses: by privilege, SUM and MXR. */
function returnTranslated(b: Builder, privilege: Value): void {
  const status = b.getState(slot("mstatus"));
  const seesExecutable = anySet(b, status, Status.MXR);
  const seesUser = anySet(b, status, Status.SUM);
  const choose = (whenExecutable: number, otherwise: number): Value =>
    b.select(seesExecutable, b.i32(whenExecutable), b.i32(otherwise));
  const user = choose(MmuIndex.USER_EXECUTABLE, MmuIndex.USER);
  const all = choose(MmuIndex.SUPERVISOR_USER_EXECUTABLE, MmuIndex.SUPERVISOR_USER);
  const own = choose(MmuIndex.SUPERVISOR_EXECUTABLE, MmuIndex.SUPERVISOR);
  const isUser = b.eq(privilege, b.i32(Privilege.USER));
  b.return(b.select(isUser, user, b.select(seesUser, all, own)));
}

/** Body of {@linkcode MMU_INDEX}. */
export function mmuIndex(): Region {
  return buildFunction(MMU_INDEX, (b) => {
    const privilege = b.parameter(0);
    b.when(b.eq(privilege, b.i32(Privilege.MACHINE)), () => returnMmu(b, MmuIndex.MACHINE));
    const mode = b.shrU(b.getState(slot("satp")), b.i64(Satp.MODE_SHIFT));
    b.when(b.eqz(mode), () => {
      const isProtected = hasFeature(b, Feature.PMP);
      const bare = b.i32(MmuIndex.PROTECTED_BARE);
      b.return(b.select(isProtected, bare, b.i32(MmuIndex.MACHINE)));
    });
    returnTranslated(b, privilege);
  });
}

/** The privilege that loads and stores are made with: MPP's under MPRV. */
export function dataPrivilege(b: Builder): Value {
  const status = b.getState(slot("mstatus"));
  const previous = field(b, status, Status.MPP_SHIFT, PRIVILEGE_ONES);
  return b.select(anySet(b, status, Status.MPRV), previous, b.getState(slot("privilege")));
}

/** Body of {@linkcode MODE_KEY}. */
export function modeKey(): Region {
  return buildFunction(MODE_KEY, (b) => {
    const privilege = b.getState(slot("privilege"));
    const placed = (value: Value, shift: number): Value => b.shl(value, b.i32(shift));
    const data = b.call(MMU_INDEX, dataPrivilege(b));
    const isOpen = b.and(b.eq(data, b.i32(MmuIndex.MACHINE)), isMachineUnbound(b));
    const fields = [
      placed(b.call(MMU_INDEX, privilege), Key.FETCH_SHIFT),
      placed(data, Key.DATA_SHIFT),
      placed(anySet(b, b.getState(slot("mstatus")), Status.FS), Key.FLOAT_SHIFT),
      placed(b.eqz(b.getState(slot("frm"))), Key.NEAREST_SHIFT),
      placed(privilege, Key.PRIVILEGE_SHIFT),
      placed(isOpen, Key.OPEN_SHIFT),
      placed(b.not(hasLetter(b, "c")), Key.LONG_ONLY_SHIFT),
    ];
    b.return(fields.reduce((key, value) => b.or(key, value)));
  });
}

/** Body of {@linkcode IS_BARE}. */
export function isBare(): Region {
  return buildFunction(IS_BARE, (b) => {
    const index = b.parameter(0);
    const isMachine = b.eq(index, b.i32(MmuIndex.MACHINE));
    b.return(b.or(isMachine, b.eq(index, b.i32(MmuIndex.PROTECTED_BARE))));
  });
}

/** Body of {@linkcode ADDRESS_SPACE}. */
export function addressSpace(): Region {
  return buildFunction(ADDRESS_SPACE, (b) => {
    b.return(field(b, b.getState(slot("satp")), Satp.ASID_SHIFT, Satp.ASID_ONES));
  });
}

/**
 * What a mode key says. Code whose data accesses see other translations than its fetches (machine mode under
 * MPRV) is rare and left to the cold tier.
 */
export function describeMode(key: number): ModeDescription {
  const fetchMmu = (key >> Key.FETCH_SHIFT) & Key.MMU_ONES;
  const dataMmu = (key >> Key.DATA_SHIFT) & Key.MMU_ONES;
  const isOpen = ((key >> Key.OPEN_SHIFT) & 1) === 1;
  return { fetchMmu, dataMmu, isOpen, isCompilable: fetchMmu === dataMmu };
}

/** What lifters may assume of code compiled for a mode key. */
export function boundModeOf(key: number): BoundMode {
  return {
    floatEnabled: ((key >> Key.FLOAT_SHIFT) & 1) === 1,
    roundsToNearest: ((key >> Key.NEAREST_SHIFT) & 1) === 1,
    hasCompressed: ((key >> Key.LONG_ONLY_SHIFT) & 1) === 0,
  };
}

/** The privilege that a mode key names. */
export function privilegeOf(key: number): number {
  return (key >> Key.PRIVILEGE_SHIFT) & Key.PRIVILEGE_ONES;
}
