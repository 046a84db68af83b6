/**
 * Builds the cold tier of a guest: one module with the trampoline's inner loop, a handler per instruction
 * row, the frontend's functions and the memory functions.
 *
 * It is built ahead of time and checked in, so that starting a machine does not wait for Binaryen.
 */
import type { FunctionSignature, Region } from "../../ir/region.ts";
import type { StateSlot } from "../../ir/guest_state.ts";
import { GUEST_STATE } from "../abi/vcpu_layout.ts";
import { HOST_COLUMNS, type HostOrder } from "../host_order.ts";
import type { ModuleFunctions } from "../lower/operation_lowering.ts";
import { WIDE_MULTIPLY, wideMultiplyName } from "../lower/wide_multiply.ts";
import type { BinaryenFactory } from "../binaryen/binaryen_builder.ts";
import type { AccessFaults } from "./access_faults.ts";
import { FunctionLowering } from "./function_lowering.ts";
import { hostImports, importText } from "./host_imports.ts";
import { memoryFunctions } from "./memory_functions.ts";
import { replayedAccess } from "./replay_functions.ts";
import { type ColdTierForm, RunLoop } from "./run_loop.ts";
import { trampolineFunctions } from "./trampoline_functions.ts";
import { BREAKPOINT_FUNCTIONS } from "./breakpoint_functions.ts";
import { translationFunctions } from "./translation_functions.ts";

/** What a guest gives to its cold tier. */
export interface ColdTierParts {
  /** One handler per row, in row order. */
  readonly handlers: readonly Region[];
  /** Is the instruction of that handler one that few programs use? */
  readonly isRare: (handler: number) => boolean;
  /** The frontend's functions. */
  readonly functions: readonly Region[];
  /** Functions the host provides to them. */
  readonly hostFunctions: readonly FunctionSignature[];
  /** Names of the record's byte-wide fields. */
  readonly recordFields: readonly string[];
  /** Functions that the trampoline calls. */
  readonly privileged: {
    readonly modeKey: FunctionSignature;
    readonly pendingInterrupt: FunctionSignature;
    readonly trapEnter: FunctionSignature;
    readonly interruptEnter: FunctionSignature;
    readonly walk: FunctionSignature;
    readonly wakePending: FunctionSignature;
  };
  /** State slot of the program counter. */
  readonly pc: StateSlot;
  /** State slot that changes with everything translations depend on. */
  readonly translationVersion: StateSlot;
  /** The register that names the address space, and the fields that translations depend on. */
  readonly addressSpace: {
    readonly register: StateSlot;
    readonly schemeShift: number;
    readonly numberShift: number;
    readonly numberOnes: number;
  };
  /** Operands of translation fences. */
  readonly flush: {
    readonly address: StateSlot;
    readonly space: StateSlot;
    readonly scope: StateSlot;
  };
  /** Exception causes of the memory functions. */
  readonly accessFaults: AccessFaults;
  /** Column of the order table. */
  readonly host: HostOrder;
  /** What it is for; in a replay memory accesses are served from the access log of a region. Default: `usual`. */
  readonly form?: ColdTierForm;
}

const MODULE_FUNCTIONS: ModuleFunctions = { mulh: wideMultiplyName };

/** Functions of the memory part that the host provides in other guests' place. */
const PROVIDED_HERE = "retired_instructions";

/** Encodes the cold tier. `text` is for golden tests. */
export function buildColdTier(
  factory: BinaryenFactory,
  parts: ColdTierParts,
): Uint8Array<ArrayBuffer> {
  const { privileged, form = "usual" } = parts;
  const isReplay = form === "replay";
  const declared = [
    privileged.modeKey,
    privileged.pendingInterrupt,
    privileged.interruptEnter,
    privileged.walk,
  ];
  const imported = parts.hostFunctions.filter(({ name }) => name !== PROVIDED_HERE);
  const m = factory.create([
    hostImports(),
    ...declared.map(importText),
    ...imported.map(importText),
    memoryFunctions(
      parts.accessFaults,
      privileged.walk.name,
      isReplay ? replayedAccess : null,
      HOST_COLUMNS[parts.host].store,
    ),
    trampolineFunctions(
      {
        modeKey: privileged.modeKey.name,
        pendingInterrupt: privileged.pendingInterrupt.name,
        interruptEnter: privileged.interruptEnter.name,
      },
      GUEST_STATE + parts.pc.offset,
      GUEST_STATE + parts.translationVersion.offset,
      GUEST_STATE + parts.addressSpace.register.offset,
      isReplay,
    ),
    translationFunctions({
      ...parts.addressSpace,
      register: GUEST_STATE + parts.addressSpace.register.offset,
      address: GUEST_STATE + parts.flush.address.offset,
      space: GUEST_STATE + parts.flush.space.offset,
      scope: GUEST_STATE + parts.flush.scope.offset,
    }),
    WIDE_MULTIPLY,
    form === "counting" ? BREAKPOINT_FUNCTIONS : "",
  ].join("\n"));
  for (const { name } of declared) m.removeFunction(name);
  for (const region of parts.functions) {
    new FunctionLowering(m, MODULE_FUNCTIONS, region).addToModule();
  }
  new RunLoop(m, MODULE_FUNCTIONS, {
    handlers: parts.handlers,
    isRare: parts.isRare,
    recordFields: parts.recordFields,
    pc: parts.pc,
    trapEnter: privileged.trapEnter.name,
    host: parts.host,
    form,
  }).addToModule();
  for (const { name } of parts.functions) m.exportFunction(name);
  m.validate();
  const bytes = m.emit();
  m.dispose();
  return bytes;
}
