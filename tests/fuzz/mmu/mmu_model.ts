/**
 * What a script does, told by the simple walker: no cache of translations, one step of the manual after the other.
 *
 * A script whose fences do not cover what it changed has no one meaning, and neither has one that executes what
 * it has overwritten: the model says so, and such a script is no failure.
 *
 * Source: RISC-V Privileged ISA, "Supervisor Memory-Management Fence Instruction", "Virtual Address Translation
 * Process", "Memory Privilege in mstatus Register".
 */
import {
  type ModelSituation,
  modelWalk,
} from "../../../frontend/riscv/privileged/page_walk_model.ts";
import { Feature, featureMask } from "../../../frontend/riscv/privileged/features.ts";
import { modelProtection } from "../../../frontend/riscv/privileged/physical_protection_model.ts";
import { FetchTarget, Frame, frameAddress, PAGE_BYTES, ramOffset, stubBase } from "./mmu_layout.ts";
import { covers, type Mapping, mappingOf } from "./mapping.ts";
import type { Fence, MmuScript, MmuStep } from "./mmu_script.ts";
import { ACCESS_SHAPES, RESULTS, stepOffset, stubOffset, STUBS, type StubStep } from "./stubs.ts";

const PAGE = BigInt(PAGE_BYTES);
const RETURN = 0x8082;
const ADD_TO_RESULT = 0x613;
const ADD_NUMBER_SHIFT = 20;
const LONG_BYTES = 4n;
const PARCEL_BYTES = 2n;
const MODE_SHIFT = 60n;

/** Why an access failed. */
const Cause = {
  page: { load: 13n, store: 15n, fetch: 12n },
  access: { load: 5n, store: 7n, fetch: 1n },
  misaligned: { load: 4n, store: 6n },
  USER_CALL: 8n,
  SUPERVISOR_CALL: 9n,
  MACHINE_CALL: 11n,
} as const;

type AccessKind = "load" | "store" | "fetch";
type AccessStep = Extract<MmuStep, { kind: "access" }>;

/** What an access wrote down. */
export interface AccessOutcome {
  readonly cause: bigint;
  readonly value: bigint;
  readonly pc: bigint;
  readonly results: readonly bigint[];
}

/** Ends an access. */
class ModelTrap {
  readonly cause: bigint;
  readonly value: bigint;

  constructor(cause: bigint, value: bigint) {
    this.cause = cause;
    this.value = value;
  }
}

/** The script has no one meaning. */
export class NoMeaning extends Error {}

/** See the header of this file. */
export class MmuModel {
  /** RAM, as the script leaves it. */
  readonly memory: Uint8Array;
  readonly #view: DataView;
  readonly #features: bigint;
  readonly #spaces: readonly bigint[];
  readonly #pages: readonly bigint[];
  #satp = 0n;
  #configuration = 0n;
  #addresses: readonly bigint[] = [0n, 0n, 0n];
  #updates: boolean;
  #types = false;
  readonly #lastConfiguration = 0x1f;

  /** A machine with this RAM; `pages` are all that the script's accesses touch. */
  constructor(memory: Uint8Array, script: MmuScript, pages: readonly bigint[]) {
    this.memory = memory;
    this.#view = new DataView(memory.buffer, memory.byteOffset, memory.length);
    this.#features = script.features;
    this.#spaces = script.spaces;
    this.#pages = pages;
    this.#updates = (script.features & featureMask(Feature.SVADE, Feature.SVADU)) === 0n;
  }

  /** Executes a step; an outcome when it is an access. Throws {@linkcode NoMeaning}. */
  step(step: MmuStep): AccessOutcome | null {
    switch (step.kind) {
      case "entry":
        this.#writeEntry(step.address, step.value, step.fence);
        return null;
      case "space":
        if (step.fence === null && !this.agreesWithOthers(step.satp)) {
          throw new NoMeaning("Global pages differ");
        }
        this.#satp = step.satp;
        return null;
      case "protection":
        this.#addresses = step.addresses;
        this.#configuration = step.configuration;
        return null;
      case "environment":
        if (this.#has(Feature.SVADU)) this.#updates = step.updates;
        if (this.#has(Feature.SVPBMT)) this.#types = step.types;
        return null;
      case "access":
        return this.#access(step);
    }
  }

  /** Is a fence enough after the entry gets that value? */
  isCovered(address: bigint, value: bigint, fence: Fence): boolean {
    const before = this.#mappings(address);
    const offset = this.#entryOffset(address);
    const old = this.#view.getBigUint64(offset, true);
    this.#view.setBigUint64(offset, value, true);
    const isCovered = before.every(({ space, page, mapping }) => {
      const now = this.#mapping(space, page);
      const isSame = now.leaf === mapping.leaf && now.level === mapping.level;
      return isSame || covers(fence, space, page, mapping);
    });
    this.#view.setBigUint64(offset, old, true);
    return isCovered;
  }

  /** Does an address space map every page that is global in any as it is mapped there, by tables that may be read? */
  agreesWithOthers(space: bigint): boolean {
    if (space >> MODE_SHIFT === 0n) return true;
    return this.#pages.every((page) => {
      const own = this.#mapping(space, page);
      const isReadable = own.path.every((entry) => (this.#protection(entry) & 1) !== 0);
      return this.#spaces.every((other) => {
        const { leaf, level, isGlobal } = this.#mapping(other, page);
        return !isGlobal || isReadable && leaf === own.leaf && level === own.level;
      });
    });
  }

  /** The leaf entry that maps a page in an address space, or null. */
  leafOf(space: bigint, address: bigint): bigint | null {
    return this.mappingOf(space, address).leaf;
  }

  /** How an address space maps the page of an address. */
  mappingOf(space: bigint, address: bigint): Mapping {
    return this.#mapping(space, address / PAGE * PAGE);
  }

  #has(feature: number): boolean {
    return (this.#features & featureMask(feature)) !== 0n;
  }

  // --- changes --------------------------------------------------------------------------------------

  #entryOffset(address: bigint): number {
    const offset = ramOffset(address);
    if (offset < 0) throw new NoMeaning(`No memory at ${address.toString(16)}`);
    return offset;
  }

  #writeEntry(address: bigint, value: bigint, fence: Fence): void {
    if (!this.isCovered(address, value, fence)) throw new NoMeaning("A fence covers too little");
    this.#view.setBigUint64(this.#entryOffset(address), value, true);
  }

  /** How pages are mapped whose way leads over an entry. */
  #mappings(entry: bigint): { space: bigint; page: bigint; mapping: Mapping }[] {
    return this.#spaces.flatMap((space) =>
      this.#pages.map((page) => ({ space, page, mapping: this.#mapping(space, page) }))
    ).filter(({ mapping }) => mapping.path.includes(entry));
  }

  #mapping(space: bigint, page: bigint): Mapping {
    return mappingOf(this.#view, space, page);
  }

  // --- accesses -------------------------------------------------------------------------------------

  #access(step: AccessStep): AccessOutcome {
    const { stub, modifies, privilege } = step;
    const isBare = this.#satp >> MODE_SHIFT === 0n;
    const start = BigInt(stubOffset(stub, { ...step, isBare })) +
      (modifies || isBare ? frameAddress(Frame.STUBS) : stubBase(privilege));
    const registers = { address: step.address, results: Array<bigint>(RESULTS).fill(0n) };
    let pc = start;
    try {
      if (!modifies) this.#translate(step, start, "fetch");
      const steps = STUBS[stub];
      steps.forEach((each, index) => {
        pc = start + BigInt(stepOffset(steps, index));
        if (each.kind === "fetch") pc = registers.address & ~1n;
        this.#execute(step, each, registers);
      });
      pc = start + BigInt(stepOffset(steps, steps.length));
      const call = privilege === "user" ? Cause.USER_CALL : Cause.SUPERVISOR_CALL;
      return {
        cause: modifies ? Cause.MACHINE_CALL : call,
        value: 0n,
        pc,
        results: registers.results,
      };
    } catch (error) {
      if (!(error instanceof ModelTrap)) throw error;
      return { cause: error.cause, value: error.value, pc, results: registers.results };
    }
  }

  #execute(
    step: AccessStep,
    each: StubStep,
    registers: { address: bigint; readonly results: bigint[] },
  ): void {
    const { results } = registers;
    switch (each.kind) {
      case "stride":
        registers.address = BigInt.asUintN(64, registers.address + PAGE);
        return;
      case "fetch":
        results[0] += this.#fetch(step, registers.address & ~1n);
        return;
      case "load":
        results[each.result] = this.#load(step, registers.address + BigInt(each.offset), each.name);
        return;
      case "store":
        this.#store(step, registers.address + BigInt(each.offset), each.name, step.value);
        return;
      case "reserve":
        this.#requireAligned(registers.address, each.name, "load");
        results[each.result] = this.#load(step, registers.address, each.name);
        return;
      case "conditional":
        this.#requireAligned(registers.address, each.name, "store");
        this.#store(step, registers.address, each.name, step.value);
        results[each.result] = 0n;
        return;
      case "update":
        this.#update(step, registers.address, each.name, each.result, results);
    }
  }

  #update(
    step: AccessStep,
    address: bigint,
    name: string,
    result: number,
    results: bigint[],
  ): void {
    this.#requireAligned(address, name, "store");
    const { bytes, isSigned } = ACCESS_SHAPES[name];
    const [at] = this.#bytes(step, address, bytes, "store");
    const old = this.#read(Array.from({ length: bytes }, (_, i) => at + i), isSigned);
    const sum = old + step.value;
    for (let i = 0; i < bytes; i++) this.memory[at + i] = Number((sum >> BigInt(8 * i)) & 0xffn);
    results[result] = old;
  }

  #requireAligned(address: bigint, name: string, access: "load" | "store"): void {
    if (address % BigInt(ACCESS_SHAPES[name].bytes) === 0n) return;
    throw new ModelTrap(Cause.misaligned[access], address);
  }

  #load(step: AccessStep, address: bigint, name: string): bigint {
    const { bytes, isSigned } = ACCESS_SHAPES[name];
    return this.#read(this.#bytes(step, address, bytes, "load"), isSigned);
  }

  /**
   * A store finds out about the translations of both its pages before it writes, but whether anything is there
   * only as it goes on: a device may be.
   */
  #store(step: AccessStep, given: bigint, name: string, value: bigint): void {
    const { bytes } = ACCESS_SHAPES[name];
    const address = BigInt.asUintN(64, given);
    const [first, second] = this.#parts(address, bytes);
    this.#physical(step, first.address, "store");
    if (second !== undefined) this.#physical(step, second.address, "store");
    let shift = 0n;
    for (const part of second === undefined ? [first] : [first, second]) {
      const at = this.#translate(step, part.address, "store");
      for (let i = 0; i < part.bytes; i++, shift += 8n) {
        this.memory[at + i] = Number((value >> shift) & 0xffn);
      }
    }
  }

  #read(offsets: readonly number[], isSigned: boolean): bigint {
    const value = offsets.reduceRight((sum, at) => (sum << 8n) | BigInt(this.memory[at]), 0n);
    return isSigned ? BigInt.asUintN(64, BigInt.asIntN(8 * offsets.length, value)) : value;
  }

  /** An access by the pages that it touches. */
  #parts(address: bigint, bytes: number): { readonly address: bigint; readonly bytes: number }[] {
    const inFirst = Math.min(bytes, Number(PAGE - address % PAGE));
    if (inFirst === bytes) return [{ address, bytes }];
    const next = BigInt.asUintN(64, address + BigInt(inFirst));
    return [{ address, bytes: inFirst }, { address: next, bytes: bytes - inFirst }];
  }

  /** Offsets in RAM of an access's bytes: the first page is translated before the second. */
  #bytes(step: AccessStep, given: bigint, bytes: number, access: AccessKind): number[] {
    return this.#parts(BigInt.asUintN(64, given), bytes).flatMap((part) => {
      const at = this.#translate(step, part.address, access);
      return Array.from({ length: part.bytes }, (_, i) => at + i);
    });
  }

  /** The number that the code at an address adds. */
  #fetch(step: AccessStep, address: bigint): bigint {
    const parcel = (at: bigint): number =>
      this.#view.getUint16(this.#translate(step, at, "fetch"), true);
    const straddles = address % PAGE === BigInt(FetchTarget.STRADDLING);
    if (!straddles && address % PAGE !== BigInt(FetchTarget.INSIDE)) {
      throw new NoMeaning("No code there");
    }
    const low = parcel(address);
    if (low !== (ADD_TO_RESULT & 0xffff)) throw new NoMeaning("The code was overwritten");
    const high = parcel(BigInt.asUintN(64, address + PARCEL_BYTES));
    const back = parcel(BigInt.asUintN(64, address + LONG_BYTES));
    if ((high & 0xf) !== ADD_HIGH || back !== RETURN) {
      throw new NoMeaning("The code was overwritten");
    }
    return BigInt.asUintN(64, BigInt.asIntN(12, BigInt(high >> (ADD_NUMBER_SHIFT - 16))));
  }

  /** Offset in RAM of an address. */
  #translate(step: AccessStep, address: bigint, access: AccessKind): number {
    const offset = ramOffset(this.#physical(step, address, access));
    if (offset < 0) throw new ModelTrap(Cause.access[access], address);
    return offset;
  }

  #physical(step: AccessStep, address: bigint, access: AccessKind): bigint {
    return this.#satp >> MODE_SHIFT === 0n
      ? this.#bare(address, access)
      : this.#walk(step, address, access);
  }

  #bare(address: bigint, access: AccessKind): bigint {
    const bit = { load: 1, store: 2, fetch: 4 }[access];
    if (address >> 56n !== 0n || (this.#protection(address) & bit) === 0) {
      throw new ModelTrap(Cause.access[access], address);
    }
    return address;
  }

  #walk(step: AccessStep, address: bigint, access: AccessKind): bigint {
    const situation: ModelSituation = {
      satp: this.#satp,
      virtual: address,
      access,
      mode: step.privilege,
      sum: step.sum,
      mxr: step.mxr,
      contiguous: this.#has(Feature.SVNAPOT),
      types: this.#types,
      updates: this.#updates,
      read: (at) => {
        const offset = ramOffset(at);
        return offset < 0 ? undefined : this.#view.getBigUint64(offset, true);
      },
      write: (at, value) => this.#view.setBigUint64(ramOffset(at), value, true),
      protection: (at) => this.#protection(at),
    };
    const result = modelWalk(situation);
    if ("fault" in result) throw new ModelTrap(Cause[result.fault][access], address);
    return result.page + address % PAGE;
  }

  #protection(address: bigint): number {
    const entries = this.#addresses.map((each, index) => {
      return { config: Number((this.#configuration >> BigInt(8 * index)) & 0xffn), address: each };
    });
    const all = { config: this.#lastConfiguration, address: (1n << 54n) - 1n };
    return modelProtection([...entries, all], address, false);
  }
}

const ADD_HIGH = 6;
