/** Where a test's locations, pages and entries are in a slot, and the code that computes it. */
import type { InitialValue } from "../syntax/initial_state.ts";
import type { LitmusTest } from "../syntax/litmus_test_file.ts";
import {
  ENTRY_BYTES,
  ENTRY_FLAG_BITS,
  entryName,
  FAULT_REGISTER,
  isEntryName,
  PAGE_OFFSET_BITS,
} from "../syntax/page_entry.ts";
import type { Assembler } from "./assembler.ts";
import { Reserved } from "./driver.ts";
import { addressOf, Area, type Placement, slotLayout } from "./guest_layout.ts";
import { entriesAddress, pagesAddress } from "./translation_tables.ts";

const REGISTER_BITS = 64;
/** Free until the test's instructions run. */
const SCRATCH = FAULT_REGISTER;

/** The placement of a test: where pages are mapped to other locations, each location has a page of its own. */
export function placementOf({ pages }: LitmusTest, wanted: Placement): Placement {
  return pages.length === 0 ? wanted : "pages";
}

/** Addresses of one test. */
export class SlotAddresses {
  readonly #test: LitmusTest;
  readonly #distance: number;
  readonly #stride: number;

  constructor(test: LitmusTest, placement: Placement) {
    this.#test = test;
    const { distance, stride } = slotLayout(placementOf(test, placement));
    this.#distance = distance;
    this.#stride = stride;
  }

  /** Distance of a location from its slot's address. */
  distanceOf(name: string): number {
    return this.#test.locations.findIndex((location) => location.name === name) * this.#distance;
  }

  /** Sets a register to an initial value. */
  emitValue(a: Assembler, rd: number, value: InitialValue): void {
    if (typeof value === "bigint") return a.constant(rd, value);
    if ("location" in value) return this.emitAddress(a, rd, value.location);
    const { target, flags } = value.entry;
    this.#emitLocation(a, rd, target);
    a.emit("srli", { rd, rs1: rd, imm: PAGE_OFFSET_BITS });
    a.emit("slli", { rd, rs1: rd, imm: ENTRY_FLAG_BITS });
    a.emit("addi", { rd, rs1: rd, imm: flags });
  }

  /** Sets a register to the address of a location or page. */
  emitAddress(a: Assembler, rd: number, name: string): void {
    const page = this.#test.pages.findIndex((candidate) => candidate.name === name);
    if (page >= 0) return this.#emitPage(a, rd, page);
    if (!isEntryName(name)) return this.#emitLocation(a, rd, name);
    const owner = this.#test.pages.findIndex((candidate) => entryName(candidate.name) === name);
    this.#emitScaled(a, rd, entriesAddress(owner), ENTRY_BYTES);
  }

  #emitLocation(a: Assembler, rd: number, name: string): void {
    a.constant(rd, BigInt(this.distanceOf(name)));
    a.emit("add", { rd, rs1: rd, rs2: Reserved.SLOT });
  }

  /** The place in the page is the one that the slot's locations have in theirs. */
  #emitPage(a: Assembler, rd: number, page: number): void {
    this.#emitScaled(a, rd, pagesAddress(page), 1 << PAGE_OFFSET_BITS);
    const outside = REGISTER_BITS - PAGE_OFFSET_BITS;
    a.emit("slli", { rd: SCRATCH, rs1: Reserved.SLOT, imm: outside });
    a.emit("srli", { rd: SCRATCH, rs1: SCRATCH, imm: outside });
    a.emit("add", { rd, rs1: rd, rs2: SCRATCH });
  }

  /** The slot's element of a table. */
  #emitScaled(a: Assembler, rd: number, start: bigint, bytes: number): void {
    a.constant(SCRATCH, -addressOf(Area.SLOTS));
    a.emit("add", { rd: SCRATCH, rs1: SCRATCH, rs2: Reserved.SLOT });
    const shift = Math.log2(bytes / this.#stride);
    const isLeft = shift > 0;
    a.emit(isLeft ? "slli" : "srli", { rd: SCRATCH, rs1: SCRATCH, imm: Math.abs(shift) });
    a.constant(rd, start);
    a.emit("add", { rd, rs1: rd, rs2: SCRATCH });
  }
}
