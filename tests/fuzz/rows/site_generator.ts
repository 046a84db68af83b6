/**
 * Makes the sites of a form: encodings with registers that coincide and immediates at their limits, and for
 * each encoding cases with operand values at theirs.
 */
import { csrNumber } from "../../differential/csr_numbers.ts";
import { assemble, encode, type OperandFields } from "../../../frontend/riscv/encoder.ts";
import type { FieldName } from "../../../frontend/riscv/instruction.ts";
import { extractField, type PatternField } from "../../../frontend/riscv/pattern.ts";
import { SeededRandom } from "../../differential/seeded_random.ts";
import {
  Address,
  Field,
  MEMORY_WORDS,
  NOWHERE,
  RECORD_BYTES,
  recordAddress,
} from "./case_record.ts";
import { codeBytesOf, PLACE_BYTES, type SiteCode } from "./batch_image.ts";
import {
  FormReader,
  type InstructionForm,
  isForProcess,
  type Reading,
} from "./instruction_forms.ts";
import { floatOperands, integerOperands, randomBits } from "./operand_values.ts";
import { type CaseInput, namedRegisters, type Site } from "./site.ts";

const REGISTERS = 32;
const WORD_BYTES = 8;
const LAST_ROUNDING = 4;
const DYNAMIC_ROUNDING = 7;
const ALL_FLAGS = 31;
/** Tries to find an encoding, or room for it. */
const TRIES = 400;
/** Room that sites of jumps leave to each other at most, for the places they jump to. */
const LARGEST_GAP = 600;
const FIRST_SHORT_REGISTER = 8;
const SHORT_REGISTER_BITS = 3;
/** Words that are no instruction on any hart. */
const NEVER_LEGAL: readonly number[] = [0, 0xffff_ffff];
const FLOAT_CSRS: readonly number[] = ["fflags", "frm", "fcsr"].map(csrNumber);

/** How many sites and cases are wanted. */
export interface SiteCounts {
  readonly sites: number;
  readonly casesPerSite: number;
}

/** Bytes of code that are taken, so that sites and the places they jump to keep apart. */
class CodeSpace {
  readonly #taken: (readonly [start: number, end: number])[] = [];

  isFree(start: number, end: number): boolean {
    if (start < Address.CODE || end > Address.RECORDS) return false;
    return this.#taken.every(([from, to]) => end <= from || start >= to);
  }

  take(start: number, bytes: number): void {
    this.#taken.push([start, start + bytes]);
  }
}

/** Makes the sites of one batch. */
export class SiteGenerator {
  readonly #random: SeededRandom;
  readonly #reader = new FormReader();
  readonly #space = new CodeSpace();
  #next: number = Address.CODE;
  #records = 0;

  /** The same seed makes the same sites. */
  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  /** Sites of a form, fewer when its encodings or the room for them run out. */
  sites(form: InstructionForm, { sites, casesPerSite }: SiteCounts): Site[] {
    const made: Site[] = [];
    for (let i = 0; i < sites; i++) {
      const site = this.#site(form, casesPerSite);
      if (site !== null) made.push(site);
    }
    return made;
  }

  #site(form: InstructionForm, cases: number): Site | null {
    for (let time = 0; time < TRIES; time++) {
      const bits = this.#encode(form);
      if (bits === null || !this.#reader.isOfForm(bits, form)) continue;
      const reading = this.#reader.read(bits);
      const draft = this.#draft(form, bits, reading);
      const placed = this.#place(draft, reading);
      if (placed === null) continue;
      const site = { ...draft, ...placed, firstRecord: this.#records };
      const made = Array.from({ length: cases }, () => this.#case(site, reading, this.#records++));
      return { ...site, cases: made };
    }
    return null;
  }

  // --- encoding -------------------------------------------------------------------------------------

  #encode(form: InstructionForm): number | null {
    const random = this.#random;
    if (form.patterns.length === 0) {
      const isFixed = random.chance(10);
      return isFixed ? random.pick(NEVER_LEGAL) : (random.word() | 3) >>> 0;
    }
    const pattern = random.pick(form.patterns);
    const fields: OperandFields = {};
    for (const field of pattern.fields) fields[field.name] = this.#operand(form, field, fields);
    const free = random.chance(50) ? 0 : random.word();
    try {
      return encode(pattern, fields, free);
    } catch (error) {
      // Registers that stand in the same bits were given different numbers.
      if (error instanceof RangeError) return null;
      throw error;
    }
  }

  #operand(form: InstructionForm, field: PatternField, chosen: OperandFields): number {
    const random = this.#random;
    if (field.name === "rm") return this.#rounding();
    if (field.name === "imm") return this.#immediate(form, field);
    const shared = sharedWith(field, form);
    if (shared !== null && chosen[shared] !== undefined) return chosen[shared];
    const others = Object.values(chosen);
    const isShort = field.segments[0].width === SHORT_REGISTER_BITS;
    if (others.length > 0 && random.chance(25)) {
      const other = random.pick(others);
      const fits = isShort ? other >= FIRST_SHORT_REGISTER && other < 16 : other >= 0 && other < 32;
      if (fits) return other;
    }
    if (isShort) return FIRST_SHORT_REGISTER + random.below(2 ** SHORT_REGISTER_BITS);
    return random.chance(5) ? 0 : random.below(2 ** field.segments[0].width);
  }

  /** A rounding mode: mostly one that exists, or the dynamic one. */
  #rounding(): number {
    const random = this.#random;
    if (random.chance(8)) return random.between(LAST_ROUNDING + 1, DYNAMIC_ROUNDING - 1);
    return random.chance(30) ? DYNAMIC_ROUNDING : random.below(LAST_ROUNDING + 1);
  }

  #immediate({ row: { extension } }: InstructionForm, field: PatternField): number {
    const random = this.#random;
    if (extension === "zicsr") return random.pick(FLOAT_CSRS);
    const word = random.pick([
      0,
      0xffff_ffff,
      random.word(),
      random.word(),
      random.word() & random.word() & random.word(),
      ~(random.word() & random.word() & random.word()),
    ]);
    return extractField(field, word);
  }

  #draft(form: InstructionForm, bits: number, { instruction, row }: Reading): SiteCode {
    const random = this.#random;
    const { x, f } = namedRegisters(instruction, row);
    const isCsr = row.extension === "zicsr";
    const free = Array.from({ length: REGISTERS }, (_, index) => index)
      .filter((index) => index !== 0 && !x.includes(index));
    const base = random.pick(free);
    const spare = random.pick(free.filter((index) => index !== base));
    const isConditional = row.name.startsWith("sc.");
    const reserves = isConditional && instruction.rs1 !== 0 && random.chance(70);
    const rounding = random.chance(94) ? random.below(LAST_ROUNDING + 1) : random.between(5, 7);
    const width = row.name.startsWith("sc.w") ? "w" : "d";
    return {
      name: form.name,
      bits,
      length: instruction.length,
      frm: f.length > 0 || isCsr ? rounding : null,
      setsFcsr: isCsr,
      reserve: reserves ? assemble(`lr.${width}`, { rd: spare, rs1: instruction.rs1 }) : null,
      base,
      spare,
      x,
      f,
      onQemu: isForProcess(form) && (form.patterns.length > 0 || NEVER_LEGAL.includes(bits)),
    };
  }

  // --- addresses ------------------------------------------------------------------------------------

  /** Finds room for a site, and for the places that it jumps to. */
  #place(draft: SiteCode, { instruction, row }: Reading): Pick<Site, "pc" | "places"> | null {
    const random = this.#random;
    const isDirect = row.syntax.includes("target");
    const jumps = isDirect || row.name === "jalr";
    const { before, bytes } = codeBytesOf(draft);
    const isFar = jumps && random.chance(30);
    const start = isFar
      ? Address.FAR_CODE + 2 * random.below((Address.RECORDS - Address.FAR_CODE) / 4)
      : this.#next + (jumps ? 2 * random.below(LARGEST_GAP / 2) : 2 * random.below(2));
    const pc = start + before;
    const end = start + bytes;
    if (!this.#space.isFree(start, end)) {
      if (!isFar) this.#next += bytes;
      return null;
    }
    const places = isDirect
      ? [pc + instruction.imm]
      : jumps
      ? [end + 2 * random.below(20), end + PLACE_BYTES + 40 + 2 * random.below(200)]
      : [];
    const fits = places.every((place) =>
      this.#space.isFree(place, place + PLACE_BYTES) &&
      (place + PLACE_BYTES <= start || place >= end)
    );
    if (!fits && !(isDirect && instruction.imm === instruction.length)) return null;
    this.#space.take(start, bytes);
    if (fits) places.forEach((place) => this.#space.take(place, PLACE_BYTES));
    if (!isFar) this.#next = end;
    return { pc, places: fits ? places : [] };
  }

  // --- cases ----------------------------------------------------------------------------------------

  #case(
    { name, x, f, places, frm, setsFcsr }: Omit<Site, "cases">,
    { instruction, row }: Reading,
    record: number,
  ): CaseInput {
    const random = this.#random;
    const values = integerOperands(random, x.length);
    const isAccess = row.syntax.includes("(rs1)") && row.name !== "jalr";
    const pointer = x.indexOf(instruction.rs1);
    if (isAccess && pointer >= 0) {
      const address = this.#accessed(record, row.name.startsWith("sc."), row.extension);
      values[pointer] = unsigned(address - BigInt(instruction.imm));
    }
    if (row.name === "jalr" && pointer >= 0) {
      const target = BigInt(
        random.chance(93) ? random.pick(places) : NOWHERE + 2 * random.below(99),
      );
      values[pointer] = unsigned(target + BigInt(random.below(2)) - BigInt(instruction.imm));
    }
    const flags = random.chance(60) ? random.pick([0, 1, ALL_FLAGS]) : random.below(ALL_FLAGS + 1);
    const rounding = setsFcsr ? random.below(DYNAMIC_ROUNDING + 1) << 5 : 0;
    return {
      x: values,
      f: floatOperands(random, name, f.length).map(unsigned),
      fcsr: frm === null ? 0 : flags | rounding,
      memory: Array.from({ length: MEMORY_WORDS }, () => this.#memoryWord(row.name)),
    };
  }

  #memoryWord(name: string): bigint {
    const random = this.#random;
    return unsigned(random.chance(50) ? random.register() : floatOperands(random, name, 1)[0]);
  }

  /** An address for an access: in the record, at its end, or where nothing is. */
  #accessed(record: number, isConditional: boolean, extension: string): bigint {
    const random = this.#random;
    const memory = recordAddress(record) + Field.MEMORY;
    const words = (RECORD_BYTES - Field.MEMORY) / WORD_BYTES;
    const aligned = memory + WORD_BYTES * random.below(words);
    // A process need not find out that a store that fails is misaligned, or goes nowhere.
    if (isConditional) return BigInt(aligned);
    const roll = random.below(100);
    const isAtomic = extension === "a";
    if (roll < (isAtomic ? 80 : 50)) return BigInt(aligned);
    if (roll < (isAtomic ? 86 : 75)) {
      return BigInt(memory + random.below(RECORD_BYTES - Field.MEMORY - WORD_BYTES));
    }
    if (roll < 92) return BigInt(recordAddress(record + 1) - random.between(1, WORD_BYTES));
    // Which of two exceptions an access raises that is misaligned and goes nowhere is left open, and so is which
    // byte of a block a fault names.
    return BigInt(NOWHERE) +
      (randomBits(random) & (isAtomic ? 0xff8n : extension === "zicboz" ? 0xfc0n : 0xfffn));
  }
}

function unsigned(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

/** A field whose bits are also those of another one: destination and source in one. */
function sharedWith(field: PatternField, { patterns }: InstructionForm): FieldName | null {
  for (const { fields } of patterns) {
    for (const other of fields) {
      if (other.name !== field.name && other.segments[0].source === field.segments[0].source) {
        return other.name;
      }
    }
  }
  return null;
}
