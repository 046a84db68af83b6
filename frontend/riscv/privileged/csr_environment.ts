/**
 * `menvcfg` and `senvcfg`: what less privileged modes may use. A field exists with the extension that it
 * controls; without it, it is zero.
 *
 * Source: RISC-V Privileged ISA, "Machine Environment Configuration (menvcfg) Register", "Supervisor
 * Environment Configuration (senvcfg) Register"; Unprivileged ISA, "Control and Status Register Support" of
 * the cache-management operations.
 */
import type { Builder } from "../../../ir/builder.ts";
import type { Value } from "../../../ir/region.ts";
import { slot } from "../registers.ts";
import { anySet, maskIf, replaceBits } from "./bit_fields.ts";
import { Interrupt } from "./causes.ts";
import { publishDeadline } from "./csr_counters.ts";
import type { CsrUpdate } from "./csr_update.ts";
import {
  ENVCFG_CBCFE,
  ENVCFG_CBIE,
  ENVCFG_CBIE_RESERVED,
  ENVCFG_CBZE,
  ENVCFG_FIOM,
  MENVCFG_ADUE,
  MENVCFG_PBMTE,
  MENVCFG_STCE,
} from "./environment_bits.ts";
import { Feature, hasFeature } from "./features.ts";

/** Fields that cached translations depend on. */
const TRANSLATION_FIELDS = MENVCFG_ADUE | MENVCFG_PBMTE;

/** The fields of a feature. */
type FieldsOfFeature = readonly [feature: number, fields: bigint];

const BLOCK_FIELDS: readonly FieldsOfFeature[] = [
  [Feature.ZICBOM, ENVCFG_CBIE | ENVCFG_CBCFE],
  [Feature.ZICBOZ, ENVCFG_CBZE],
];

const MACHINE_FIELDS: readonly FieldsOfFeature[] = [
  ...BLOCK_FIELDS,
  [Feature.SSTC, MENVCFG_STCE],
  [Feature.SVADU, MENVCFG_ADUE],
  [Feature.SVPBMT, MENVCFG_PBMTE],
];

function writableFields(b: Builder, fields: readonly FieldsOfFeature[], value: Value): Value {
  const all = fields.map(([feature, mask]) => maskIf(b, hasFeature(b, feature), mask));
  const writable = all.reduce((any, each) => b.or(any, each), b.i64(ENVCFG_FIOM));
  const isReserved = b.eq(b.and(value, b.i64(ENVCFG_CBIE)), b.i64(ENVCFG_CBIE_RESERVED));
  return b.and(writable, b.select(isReserved, b.i64(~ENVCFG_CBIE), b.i64(-1)));
}

/** The compare register decides alone, or software does: what software pended is forgotten. */
function forgetPendedTimer(b: Builder): void {
  const kept = b.and(b.getState(slot("mip_software")), b.i32(~(1 << Interrupt.SUPERVISOR_TIMER)));
  b.setState(slot("mip_software"), kept);
}

/** Writes `menvcfg`; a reserved CBIE is dropped. */
export function writeMachineEnvironment(update: CsrUpdate, value: Value): void {
  const { b } = update;
  const old = b.getState(slot("menvcfg"));
  const written = replaceBits(b, old, value, writableFields(b, MACHINE_FIELDS, value));
  const changed = b.xor(old, written);
  b.setState(slot("menvcfg"), written);
  update.dropTranslationsIf(anySet(b, changed, TRANSLATION_FIELDS));
  b.when(anySet(b, changed, MENVCFG_STCE), () => {
    forgetPendedTimer(b);
    publishDeadline(update);
  });
}

/** Writes `senvcfg`; a reserved CBIE is dropped. */
export function writeSupervisorEnvironment({ b }: CsrUpdate, value: Value): void {
  const old = b.getState(slot("senvcfg"));
  const written = replaceBits(b, old, value, writableFields(b, BLOCK_FIELDS, value));
  b.setState(slot("senvcfg"), written);
}
