/**
 * The vCPU's instance of the cold tier and the functions it imports from the runtime.
 */
import type { GuestFrontend } from "../../frontend/frontend.ts";
import { ColdExport, ENVIRONMENT, HostImport } from "../../wasm_backend/abi/module_shape.ts";

/** Exports of a cold tier that the trampoline calls. */
export interface ColdFunctions {
  /** Runs guest code until the host is needed; gives the reason. */
  readonly run: () => number;
  /** Enters the region of a target at state pc: 0 when it came back with an address in state pc, 1 with LEAVE. */
  readonly enterRegion: (target: number) => number;
  /** Fills the budget. */
  readonly refillBudget: (instructions: number) => void;
  /** Enters the guest's handler of an exception at state pc. */
  readonly trapEnter: (cause: number, value: bigint) => void;
  /** Reads and, if the flag is 1, writes a control register with the current privilege; gives a status. */
  readonly controlAccess: (
    number: number,
    operation: number,
    writes: number,
    value: bigint,
  ) => number;
  /** Is something pending that ends a wait for an interrupt? */
  readonly wakePending: () => number;
  /** Host offset of a fetched address, 0 with a fault recorded when there is none. */
  readonly translateFetch: (address: bigint) => number;
  /** Drops translations as the guest's flush operands say. */
  readonly flushTranslations: () => void;
  /** Drops what instruction fetches may not see any more. */
  readonly flushInstructions: () => void;
  /** Exports that region modules import. */
  readonly regionImports: WebAssembly.ModuleImports;
}

/** What the runtime gives to the cold tier. */
export interface ColdHost {
  /** Device load into the transfer word: 1 done, 0 nothing there, 2 try again. */
  deviceLoad(low: number, high: number, width: number): number;
  /** Device store from the transfer word. */
  deviceStore(low: number, high: number, width: number): number;
  /** Opens a decoded page near its home slot, and gives its slot. */
  openPage(home: number, hostPage: number): number;
  /** Decodes one record. */
  decode(record: number, pcLow: number, pcHigh: number): void;
  /** A block head became hot. */
  hot(pcLow: number, pcHigh: number): void;
  /** Bits of the instruction at an address. */
  encoding(pcLow: number, pcHigh: number): number;
  /** All translations are to be dropped. */
  translationChanged(): void;
  /** Decoded pages that are provisional are to be dropped. */
  dropProvisional(): void;
  /** The guest takes an interrupt, at state pc. */
  interruptTaken(cause: number): void;
  /** Functions that the guest's own functions import. */
  readonly guestImports: WebAssembly.ModuleImports;
}

/** Memories and table of one vCPU. */
export interface VcpuSpaces {
  /** Shared memory. */
  readonly ram: WebAssembly.Memory;
  /** Private memory. */
  readonly cpu: WebAssembly.Memory;
  /** Region functions. */
  readonly table: WebAssembly.Table;
}

/** Instantiates the cold tier for one vCPU. */
export function instantiateColdTier(
  module: WebAssembly.Module,
  spaces: VcpuSpaces,
  host: ColdHost,
  frontend: GuestFrontend,
): ColdFunctions {
  const imports: WebAssembly.ModuleImports = {
    ...spaces,
    ...host.guestImports,
    [HostImport.DEVICE_LOAD]: (low: number, high: number, width: number) =>
      host.deviceLoad(low, high, width),
    [HostImport.DEVICE_STORE]: (low: number, high: number, width: number) =>
      host.deviceStore(low, high, width),
    [HostImport.OPEN_PAGE]: (home: number, page: number) => host.openPage(home, page),
    [HostImport.DECODE]: (record: number, low: number, high: number) =>
      host.decode(record, low, high),
    [HostImport.HOT]: (low: number, high: number) => host.hot(low, high),
    [HostImport.ENCODING]: (low: number, high: number) => host.encoding(low, high),
    [HostImport.TRANSLATION_CHANGED]: () => host.translationChanged(),
    [HostImport.DROP_PROVISIONAL]: () => host.dropProvisional(),
    [HostImport.INTERRUPT_TAKEN]: (cause: number) => host.interruptTaken(cause),
  };
  const { exports } = new WebAssembly.Instance(module, { [ENVIRONMENT]: imports });
  const exported = <T>(name: string): T => exports[name] as T;
  return {
    run: exported(ColdExport.RUN),
    enterRegion: exported("enter_region"),
    refillBudget: exported(ColdExport.REFILL_BUDGET),
    trapEnter: exported(frontend.privileged.trapEnter.name),
    controlAccess: exported(frontend.controlRegisters.access.name),
    wakePending: exported(frontend.privileged.wakePending.name),
    translateFetch: exported("translate_fetch"),
    flushTranslations: exported(ColdExport.FLUSH_TRANSLATIONS),
    flushInstructions: exported(ColdExport.FLUSH_INSTRUCTIONS),
    regionImports: { ...spaces, ...exports },
  };
}
