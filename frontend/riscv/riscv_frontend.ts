/**
 * RISC-V RV64 as a guest: puts rows, lifters, privileged functions and software float together behind the
 * contract of `frontend.ts`.
 */
import { Builder } from "../../ir/builder.ts";
import type { StateSlot } from "../../ir/guest_state.ts";
import { type AccessOrders, UNORDERED } from "../../ir/memory_order.ts";
import { Region } from "../../ir/region.ts";
import { shortFunctions, softfloatFunctions } from "../softfloat/softfloat.ts";
import type {
  CallConvention,
  DecodedRecord,
  EnvironmentCall,
  GuestFrontend,
  ModeDescription,
  RegionRequest,
  ResetRequest,
  StateValue,
} from "../frontend.ts";
import { bitFunctions } from "./bit_functions/bit_functions.ts";
import { Decoder, instructionLength } from "./decoder.ts";
import { Disassembler } from "./disassembler.ts";
import { HOST_FUNCTIONS } from "./host_functions.ts";
import { LiftContext } from "./lift/lift_context.ts";
import { RegionLifter, RowFacts } from "./lift/lift_region.ts";
import { Cause, Privilege } from "./privileged/causes.ts";
import { featuresOf } from "./privileged/features.ts";
import { describeMode } from "./privileged/mode.ts";
import { PRIVILEGED_FUNCTIONS, privilegedFunctions } from "./privileged/privileged.ts";
import { resetValues } from "./privileged/reset.ts";
import { AccessStatus, CSR_ACCESS, CsrOperation } from "./privileged/signatures.ts";
import { Satp } from "./privileged/translation_mode.ts";
import { createRecordFiller, RECORD_FIELDS, type RecordFiller } from "./record.ts";
import { FLOAT_STATE, RISCV_STATE, slot, ZERO_SINK } from "./registers.ts";
import { EXTENSIONS, isRareRow, ROWS } from "./rows.ts";
import { TOTAL_STORE_ORDER } from "./total_store_order.ts";
import type { InstructionRow } from "./instruction.ts";

/** TLB sets that the privileged architecture's mmu modes need. */
const MMU_COUNT = 8;

/** Argument registers of the calling convention. */
const ArgumentRegister = { A0: 10, A1: 11 } as const;

/** The stack pointer of the calling convention. */
const STACK_POINTER = 2;
/**
 * Source: RISC-V ELF psABI, "Procedure Calling Convention", with "Frame Pointer Convention".
 */
const CALL_CONVENTION: CallConvention = {
  stackPointer: STACK_POINTER,
  framePointer: 8,
  returnAddress: 1,
  savedReturn: -8,
  savedFrame: -16,
  alignment: 16,
};
const ENVIRONMENT_CALL_BYTES = 4;

/** What a RISC-V machine may choose. */
export interface RiscvConfiguration {
  /** Extensions of the decoder, by name; all that have rows when absent. */
  readonly extensions?: ReadonlySet<string>;
  /** Are five-level page tables offered? */
  readonly sv57?: boolean;
  /** Have the harts total store order? */
  readonly ztso?: boolean;
}

/** Lifts a row as a handler. */
export function liftHandler(row: InstructionRow, orders: AccessOrders = UNORDERED): Region {
  const builder = new Builder(new Region(row.name, "handler"), orders);
  row.lift(new LiftContext(builder, null));
  if (!builder.isTerminated) builder.terminate({ kind: "next" });
  return builder.region;
}

/** See the header of this file. */
export class RiscvFrontend implements GuestFrontend {
  readonly name = "riscv64";
  readonly state = RISCV_STATE;
  readonly pc = slot("pc");
  readonly stackPointer = { slot: slot("x"), index: STACK_POINTER };
  readonly callConvention = CALL_CONVENTION;
  readonly integerFile = slot("x");
  readonly startArguments = { hartNumber: ArgumentRegister.A0, opaque: ArgumentRegister.A1 };
  readonly timerDeadline = slot("supervisor_deadline");
  readonly translationVersion = slot("translation_version");
  readonly addressSpace = {
    register: slot("satp"),
    schemeShift: Number(Satp.MODE_SHIFT),
    numberShift: Number(Satp.ASID_SHIFT),
    numberOnes: Satp.ASID_ONES,
  };
  readonly flush = {
    address: slot("flush_address"),
    space: slot("flush_space"),
    scope: slot("flush_scope"),
  };
  readonly accessFaults = {
    fetchAccess: Cause.INSTRUCTION_ACCESS_FAULT,
    loadAccess: Cause.LOAD_ACCESS_FAULT,
    storeAccess: Cause.STORE_ACCESS_FAULT,
    loadMisaligned: Cause.LOAD_MISALIGNED,
    storeMisaligned: Cause.STORE_MISALIGNED,
  };
  readonly constantElements = [{ slot: slot("x"), index: 0 }];
  readonly controlRegisters = {
    access: CSR_ACCESS,
    write: CsrOperation.WRITE,
    read: CsrOperation.SET,
    refused: AccessStatus.ILLEGAL,
    result: slot("csr_result"),
    privilege: slot("privilege"),
    highest: Privilege.MACHINE,
  };
  readonly recordFields: readonly string[] = RECORD_FIELDS;
  readonly mmuCount = MMU_COUNT;
  readonly hostFunctions = HOST_FUNCTIONS;
  readonly privileged = PRIVILEGED_FUNCTIONS;
  readonly #decoder: Decoder;
  readonly #disassembler: Disassembler;
  readonly #fillRecord: RecordFiller;
  readonly #extensions: ReadonlySet<string>;
  readonly #features: bigint;
  readonly #orders: AccessOrders;
  readonly #facts = new RowFacts((row) => liftHandler(ROWS[row]));

  /** A guest with these extensions. */
  constructor({ extensions = EXTENSIONS, sv57 = false, ztso = false }: RiscvConfiguration = {}) {
    this.#orders = ztso ? TOTAL_STORE_ORDER : UNORDERED;
    this.#extensions = extensions;
    this.#decoder = new Decoder(extensions);
    this.#disassembler = new Disassembler(this.#decoder);
    this.#fillRecord = createRecordFiller(this.#decoder);
    this.#features = featuresOf(sv57 ? new Set([...extensions, "sv57"]) : extensions);
  }

  handlers(): Region[] {
    return ROWS.map((row) => liftHandler(row, this.#orders));
  }

  isRare(handler: number): boolean {
    return isRareRow(ROWS[handler]);
  }

  functions(): Region[] {
    return [
      ...privilegedFunctions(),
      ...softfloatFunctions(FLOAT_STATE),
      ...bitFunctions(),
    ];
  }

  copiedFunctions(): Region[] {
    return shortFunctions(FLOAT_STATE);
  }

  decodeRecord(first: number, second: number, record: DecodedRecord): void {
    this.#fillRecord(first, second, record);
  }

  instructionLength(firstParcel: number): number {
    return instructionLength(firstParcel);
  }

  resetState({ hart, hasBuiltinFirmware }: ResetRequest): readonly StateValue[] {
    const firmware = hasBuiltinFirmware ? "builtin" : "none";
    const [extensions, features] = [this.#extensions, this.#features];
    return resetValues({ hartId: hart, extensions, features, firmware });
  }

  isScratch(slot: StateSlot, index: number): boolean {
    return slot.name === "csr_result" || (slot.name === "x" && index === ZERO_SINK);
  }

  environmentCall(read: (slot: StateSlot) => number): EnvironmentCall {
    const privilege = read(slot("privilege"));
    return {
      cause: Cause.USER_ENVIRONMENT_CALL + privilege,
      isForFirmware: privilege === Privilege.SUPERVISOR,
      length: ENVIRONMENT_CALL_BYTES,
    };
  }

  describeMode(modeKey: number): ModeDescription {
    return describeMode(modeKey);
  }

  liftRegion(request: RegionRequest): Region {
    return new RegionLifter(this.#decoder, this.#facts, request, this.#orders).lift();
  }

  disassemble(bits: number, pc: bigint): string {
    return this.#disassembler.disassemble(bits, pc);
  }
}
