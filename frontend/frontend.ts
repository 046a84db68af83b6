/**
 * The contract between a guest architecture and everything else. Nothing outside a guest's folder and its
 * board names the guest; what they need of it stands here.
 */
import type { StateLayout } from "../ir/guest_state.ts";
import type { StateSlot } from "../ir/guest_state.ts";
import type { FunctionSignature, Region, SlotAttribute } from "../ir/region.ts";

/**
 * Fields of a decoded-instruction record, as the cold tier reads them. Register fields are indices into the
 * guest's register files, ready to use.
 */
export interface DecodedRecord {
  /** Index of the handler in {@linkcode GuestFrontend.handlers}. */
  handler: number;
  /** Length of the instruction in bytes. */
  length: number;
  /** Byte-wide fields, in the order of {@linkcode GuestFrontend.recordFields}. */
  fields: Uint8Array;
  /** The wide field, sign-extended to 64 bits by readers. */
  imm: number;
}

/** Functions of the frontend that the trampoline itself calls. */
export interface PrivilegedFunctions {
  /** `() -> i32`: the mode key, see {@linkcode GuestFrontend.describeMode}. */
  readonly modeKey: FunctionSignature;
  /** `() -> i32`: cause of the interrupt to take now, or -1. */
  readonly pendingInterrupt: FunctionSignature;
  /** `(cause i32, value i64)`: enters the handler of an exception at state `pc`; sets `pc`. */
  readonly trapEnter: FunctionSignature;
  /** `(cause i32)`: enters the handler of an interrupt at state `pc`; sets `pc`. */
  readonly interruptEnter: FunctionSignature;
  /**
   * `(virtual address i64, access i32, mmu index i32) -> i64`: page walk. Access is 0 load, 1 store, 2 fetch.
   * Negative: minus the exception cause (-1 - cause). Else the physical page address with permission bits in
   * the low 12: see {@linkcode WalkResult}.
   */
  readonly walk: FunctionSignature;
  /** `() -> i32`: 1 when something is pending that ends a wait for an interrupt. */
  readonly wakePending: FunctionSignature;
  /** `(mmu index i32) -> i32`: 1 when addresses are physical in that mmu mode. */
  readonly isBare: FunctionSignature;
}

/** Exception causes of accesses that fail for a reason outside the page tables. */
export interface AccessFaults {
  /** Fetch from where nothing executable is. */
  readonly fetchAccess: number;
  /** Load from where nothing is. */
  readonly loadAccess: number;
  /** Store to where nothing is. */
  readonly storeAccess: number;
  /** Misaligned load-reserved. */
  readonly loadMisaligned: number;
  /** Misaligned atomic update or store-conditional. */
  readonly storeMisaligned: number;
}

/** Value of one element of the guest state. */
export interface StateValue {
  /** Name of the slot. */
  readonly slot: string;
  /** Element; 0 for a plain slot. */
  readonly index: number;
  /** The value. */
  readonly value: bigint;
}

/** What a hart's reset state depends on. */
export interface ResetRequest {
  /** Number of the hart. */
  readonly hart: number;
  /** Does the emulator itself play the firmware? */
  readonly hasBuiltinFirmware: boolean;
}

/** The register that names the address space that translated accesses use. */
export interface AddressSpaceRegister {
  /** Its slot. */
  readonly register: StateSlot;
  /** Bits from here on say how addresses are translated: a change of them changes the meaning of every address. */
  readonly schemeShift: number;
  /** Where the number of the address space stands: translations that are not shared belong to it. */
  readonly numberShift: number;
  /** Bits of the number, in place at 0. */
  readonly numberOnes: number;
}

/** What the last FLUSH_TRANSLATIONS exit asked for. */
export interface FlushScope {
  /** Slot of the virtual address. */
  readonly address: StateSlot;
  /** Slot of the number of the address space. */
  readonly space: StateSlot;
  /** Slot of the scope bits: bit 0 one address only, bit 1 one address space only. */
  readonly scope: StateSlot;
}

/** How control registers are read and written from outside the guest's program. */
export interface ControlRegisterAccess {
  /** `(number, operation, writes, value) -> status`, a function of the cold tier: reads into `result`. */
  readonly access: FunctionSignature;
  /** The operation that writes the value as it is. */
  readonly write: number;
  /** The operation that changes nothing when `writes` is 0. */
  readonly read: number;
  /** The status of an access that the hart refuses. */
  readonly refused: number;
  /** Slot of the value that was read. */
  readonly result: StateSlot;
  /** Slot of the privilege, and the one for which the most is permitted. */
  readonly privilege: StateSlot;
  /** See {@linkcode ControlRegisterAccess.privilege}. */
  readonly highest: number;
}

/**
 * Where programs keep the way back to their callers, by the calling convention: a hint for profiles, nothing depends
 * on it. A frame pointer holds the address behind its frame, in which the caller's frame pointer is saved.
 */
export interface CallConvention {
  /** Element of the integer file: the stack pointer. */
  readonly stackPointer: number;
  /** Element of the integer file: the frame pointer, in programs that keep one. */
  readonly framePointer: number;
  /** Element of the integer file: where a call leaves the address to return to. */
  readonly returnAddress: number;
  /** Distance from the frame pointer of the saved return address, in bytes. */
  readonly savedReturn: number;
  /** Distance from the frame pointer of the caller's frame pointer, in bytes. */
  readonly savedFrame: number;
  /** Frame pointers are multiples of this. */
  readonly alignment: number;
}

/** What an environment call means, by the privilege it is made with. */
export interface EnvironmentCall {
  /** Exception cause. */
  readonly cause: number;
  /** Is it a call of the operating system to its firmware? */
  readonly isForFirmware: boolean;
  /** Length in bytes of the instruction. */
  readonly length: number;
}

/** Bits of a successful walk's result, below the page address. */
export const WalkResult = {
  READ: 1,
  WRITE: 2,
  EXECUTE: 4,
  /** All address spaces have the translation. */
  SHARED: 8,
  /** Bits 4..6: level of the leaf; 0 is a 4 KiB page. */
  LEVEL_SHIFT: 4,
  LEVEL_MASK: 7,
} as const;

/** Kinds of access given to a page walk. */
export const AccessKind = { LOAD: 0, STORE: 1, FETCH: 2 } as const;

/** What a mode key says. */
export interface ModeDescription {
  /** Which of the vCPU's TLB sets fetches use. */
  readonly fetchMmu: number;
  /** Which of the vCPU's TLB sets loads and stores use. */
  readonly dataMmu: number;
  /** Are data addresses physical ones, and all of RAM open to loads and stores? */
  readonly isOpen: boolean;
  /** May the hot tier compile for this mode? Rare modes stay in the cold tier. */
  readonly isCompilable: boolean;
}

/** Reads guest instruction parcels while a region is lifted. */
export interface CodeReader {
  /** 16 bits at a distance from the region's origin, or -1 when no translated page is known there. */
  parcel(offset: number): number;
  /** Is code at that distance to be part of the region? Not what was never executed, or is compiled already. */
  isWanted(offset: number): boolean;
  /** Was code at that distance ever executed? */
  wasExecuted(offset: number): boolean;
  /** Where the computed jump at that distance went lately. */
  computedTargets(offset: number): readonly number[];
}

/** Why and where the hot tier wants a region. */
export interface RegionRequest {
  /** Hot entry: distance from the origin. */
  readonly entryOffset: number;
  /** Mode key of the code. */
  readonly modeKey: number;
  /** Where instructions are read. */
  readonly code: CodeReader;
  /** Must instructions that touch machine state beyond registers be left to the cold tier? */
  readonly isChecked: boolean;
  /** Does the host fuse multiplication and addition, so that the region may use the opcodes for it? */
  readonly hostFuses: boolean;
  /** Most guest instructions the region may hold. */
  readonly instructionLimit: number;
}

/** A guest architecture. */
export interface GuestFrontend {
  /** Name, such as `riscv64`. */
  readonly name: string;
  /** Layout of the guest state. */
  readonly state: StateLayout;
  /** State slot of the program counter. */
  readonly pc: StateSlot;
  /** The register that points into the stack by convention: a hint, nothing depends on it. */
  readonly stackPointer: SlotAttribute;
  /** How programs call each other. */
  readonly callConvention: CallConvention;
  /** Is the element without meaning between instructions, so that tiers may leave different values in it? */
  isScratch(slot: StateSlot, index: number): boolean;
  /** The integer register file. */
  readonly integerFile: StateSlot;
  /** Integer registers that carry the arguments of a started hart: its number, and an opaque value. */
  readonly startArguments: { readonly hartNumber: number; readonly opaque: number };
  /** State slot of the supervisor timer's deadline in ticks: read after the guest called `timer_changed`. */
  readonly timerDeadline: StateSlot;
  /** Elements of the state that are always 0. */
  readonly constantElements: readonly { readonly slot: StateSlot; readonly index: number }[];
  /** Control registers by number. */
  readonly controlRegisters: ControlRegisterAccess;
  /** The environment call that the hart makes in its current state. */
  environmentCall(read: (slot: StateSlot) => number): EnvironmentCall;
  /** State slot that changes with what translations depend on, the address space aside: a change drops what was cached. */
  readonly translationVersion: StateSlot;
  /** The address space. */
  readonly addressSpace: AddressSpaceRegister;
  /** Operands of translation flushes. */
  readonly flush: FlushScope;
  /** Exception causes of failed accesses. */
  readonly accessFaults: AccessFaults;
  /** Names of the byte-wide record fields, in order. */
  readonly recordFields: readonly string[];
  /** Number of TLB sets the guest's modes need. */
  readonly mmuCount: number;
  /** One handler region per row, in row order; index 0 is the illegal instruction. */
  handlers(): Region[];
  /** Is the instruction of that handler one that few programs use? */
  isRare(handler: number): boolean;
  /** All functions that handlers and trampoline call. */
  functions(): Region[];
  /** Those of the functions that are short and often called: region modules get copies of their own. */
  copiedFunctions(): Region[];
  /** Functions the host provides to the guest's own: name and signature. */
  readonly hostFunctions: readonly FunctionSignature[];
  /** Functions the trampoline calls. */
  readonly privileged: PrivilegedFunctions;
  /** Decodes the instruction whose first parcel and, if it is longer, second parcel are given. */
  decodeRecord(first: number, second: number, record: DecodedRecord): void;
  /** Length in bytes of the instruction with this first parcel. */
  instructionLength(firstParcel: number): number;
  /** State of a hart at reset, beyond zero in every slot. */
  resetState(request: ResetRequest): readonly StateValue[];
  /** What a mode key says. Bits 0..2 of a key are the fetch mmu, bits 3..5 the data mmu. */
  describeMode(modeKey: number): ModeDescription;
  /** Lifts guest code into a region. */
  liftRegion(request: RegionRequest): Region;
  /** Text of an instruction at an address. */
  disassemble(bits: number, pc: bigint): string;
}
