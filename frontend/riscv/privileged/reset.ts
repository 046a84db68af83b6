/**
 * State of a hart at reset, beyond zero in every slot. Where the emulator itself is the firmware no machine
 * mode ever runs: what firmware would have set up for supervisor mode is set here.
 *
 * Source: RISC-V Privileged ISA, "Reset"; Supervisor Binary Interface, "Hart State Management Extension".
 */
import type { StateValue } from "../../frontend.ts";
import { Cause, Privilege } from "./causes.ts";
import { NO_DEADLINE } from "./csr_counters.ts";
import { DELEGABLE_INTERRUPTS } from "./csr_interrupts.ts";
import { DELEGABLE_EXCEPTIONS } from "./csr_table.ts";
import {
  ENVCFG_CBCFE,
  ENVCFG_CBIE_FLUSH,
  ENVCFG_CBZE,
  MENVCFG_ADUE,
  MENVCFG_PBMTE,
  MENVCFG_STCE,
} from "./environment_bits.ts";
import { Feature, featureMask } from "./features.ts";
import { machineIsa } from "./machine_isa.ts";
import { Status } from "./status_bits.ts";

/** What a hart's reset state depends on. */
export interface ResetOptions {
  /** Number of the hart. */
  readonly hartId: number;
  /** Extensions of the hart. */
  readonly extensions: ReadonlySet<string>;
  /** Mask of features, see `features.ts`. */
  readonly features: bigint;
  /** Is the emulator itself the firmware, or does the guest start in machine mode? */
  readonly firmware: "builtin" | "none";
}

const ALL_COUNTERS = 0xffff_ffffn;

/**
 * The memory types are on, and so is the update of accessed and dirty bits unless page faults are asked for:
 * operating systems that know nothing of these choices find what they expect.
 */
function environment(features: bigint): bigint {
  const isUpdating = has(features, Feature.SVADU) && !has(features, Feature.SVADE);
  const types = has(features, Feature.SVPBMT) ? MENVCFG_PBMTE : 0n;
  return types | (isUpdating ? MENVCFG_ADUE : 0n);
}

function has(features: bigint, feature: number): boolean {
  return (features & featureMask(feature)) !== 0n;
}

/** What firmware opens to supervisor mode beyond that; invalidated blocks keep what was stored. */
function firmwareEnvironment(features: bigint): bigint {
  const timer = has(features, Feature.SSTC) ? MENVCFG_STCE : 0n;
  const blocks = has(features, Feature.ZICBOM) ? ENVCFG_CBIE_FLUSH | ENVCFG_CBCFE : 0n;
  return timer | blocks | (has(features, Feature.ZICBOZ) ? ENVCFG_CBZE : 0n);
}

/** What firmware leaves behind when it enters supervisor mode. */
function firmwareValues(features: bigint): [string, bigint][] {
  return [
    ["privilege", BigInt(Privilege.SUPERVISOR)],
    ["features", features & ~featureMask(Feature.PMP)],
    ["medeleg", DELEGABLE_EXCEPTIONS & ~(1n << BigInt(Cause.SUPERVISOR_ENVIRONMENT_CALL))],
    ["mideleg", DELEGABLE_INTERRUPTS],
    ["mcounteren", ALL_COUNTERS],
    ["menvcfg", environment(features) | firmwareEnvironment(features)],
  ];
}

/**
 * Elements of the state that are not zero at reset. Program counter and arguments are the board's. Memory
 * protection only serves machine mode and is left out when the emulator is the firmware.
 */
export function resetValues(
  { hartId, extensions, features, firmware }: ResetOptions,
): StateValue[] {
  const common: [string, bigint][] = [
    ["hart_id", BigInt(hartId)],
    ["misa", machineIsa(extensions)],
    ["mstatus", Status.UXL | Status.SXL],
    ["stimecmp", NO_DEADLINE],
    ["supervisor_deadline", NO_DEADLINE],
  ];
  const machine: [string, bigint][] = [
    ["privilege", BigInt(Privilege.MACHINE)],
    ["features", features],
    ["menvcfg", environment(features)],
  ];
  const own = firmware === "builtin" ? firmwareValues(features) : machine;
  return [...common, ...own].map(([slot, value]) => ({ slot, index: 0, value }));
}
