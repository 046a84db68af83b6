/** Code of random programs that is not always the same: stores replace it, or its page is mapped elsewhere. */
import { assemble } from "../../frontend/riscv/encoder.ts";
import { REMAP_BITS, VIRTUAL } from "./guest_layout.ts";
import type { Label, Line } from "./guest_program.ts";
import type { ProgramText } from "./program_text.ts";

/** An instruction that stores may replace. */
interface PatchSite {
  readonly label: Label;
  readonly rd: number;
  isPlaced: boolean;
}

const PATCH_SITES = 3;
const PAGE_BYTES = 4096;
/** Bytes of a page table entry. */
const ENTRY_BYTES = 8;

/** The sites of one program and what changes them. */
export class CodeChanges {
  readonly #text: ProgramText;
  readonly #sites: readonly PatchSite[];

  /** Sites are chosen now and placed as the program goes on. */
  constructor(text: ProgramText) {
    this.#text = text;
    this.#sites = Array.from({ length: PATCH_SITES }, () => {
      const rd = text.random.pick(text.common);
      return { label: text.newLabel(), rd, isPlaced: false };
    });
  }

  /** A site, or a store that replaces one anywhere in the program. */
  addPatch(): void {
    const text = this.#text;
    const { random } = text;
    const unplaced = this.#sites.filter(({ isPlaced }) => !isPlaced);
    if (unplaced.length > 0 && random.chance(60)) return this.#placeSite(unplaced[0]);
    const { label, rd } = random.pick(this.#sites);
    text.address(6, label);
    text.constant(7, assemble("addi", { rd, rs1: rd, imm: random.between(-2048, 2047) }) | 0);
    text.add("sw", { rs1: 6, rs2: 7, imm: 0 });
    text.add("fence.i");
  }

  /** Sites that did not come up stand at the end. */
  placeRest(): void {
    for (const site of this.#sites) if (!site.isPlaced) this.#placeSite(site);
  }

  #placeSite(site: PatchSite): void {
    site.isPlaced = true;
    this.#text.place(site.label);
    this.#text.add("addi", { rd: site.rd, rs1: site.rd, imm: 1 });
  }

  /** An instruction that is not the same in the copy of the code. */
  addVariant(): void {
    const rd = this.#text.random.pick(this.#text.common);
    const [bits, copyBits] = [3, 5].map((imm) => assemble("addi", { rd, rs1: rd, imm }));
    this.#text.push({ kind: "variant", bits, copyBits });
  }

  /** Maps a page's copy in its stead, or the page again. */
  addRemap(): void {
    const text = this.#text;
    const { random } = text;
    const page = random.pick([VIRTUAL.CODE, VIRTUAL.CODE + 1, VIRTUAL.DATA + 1]);
    const at = (distance: number): Line => {
      return { kind: "place", rd: 6, offset: distance - text.start };
    };
    text.push(at(VIRTUAL.TABLE * PAGE_BYTES + page * ENTRY_BYTES));
    text.add("ld", { rd: 7, rs1: 6, imm: 0 });
    text.constant(10, REMAP_BITS);
    text.add("xor", { rd: 7, rs1: 7, rs2: 10 });
    text.add("sd", { rs1: 6, rs2: 7, imm: 0 });
    text.push(at(page * PAGE_BYTES));
    text.add("sfence.vma", { rs1: random.pick([0, 6]), rs2: 0 });
  }
}
