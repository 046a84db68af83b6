/**
 * Guest memory of a batch: for each site a loop that loads the registers of one record after the other, executes
 * the instruction and stores the registers back, and the records.
 */
import { csrNumber } from "../../differential/csr_numbers.ts";
import { assembleProgram, instruction, type Line } from "../../differential/guest_program.ts";
import { Address, Field, MEMORY_BYTES, RECORD_BYTES, recordAddress } from "./case_record.ts";
import type { Site } from "./site.ts";

const WORD_BYTES = 8;
const LONG_BYTES = 4;
const [LOOP, AFTER, INSTRUCTION] = [0, 1, 2];

/** What a site's code depends on, beside its address. */
export type SiteCode = Omit<Site, "pc" | "places" | "cases" | "firstRecord">;

/** Where a batch's code is, for who runs it. */
export interface BatchImage {
  /** All of memory, from {@linkcode Address.SUPPORT}. */
  readonly bytes: Uint8Array;
  /** Address of the first site. */
  readonly start: number;
  /** Addresses of the loops' heads. */
  readonly heads: ReadonlySet<number>;
}

function csrLine(name: string, rd: number, rs1: number, csr: string): Line {
  return instruction(name, { rd, rs1, imm: csrNumber(csr) });
}

function bitsLine(bits: number, length: 2 | 4): Line {
  return { kind: length === 2 ? "parcel" : "raw", bits };
}

/** What every round does before the instruction. */
function loads({ base, spare, frm, setsFcsr, x, f }: SiteCode): Line[] {
  const flags = [
    instruction("ld", { rd: spare, rs1: base, imm: Field.FCSR_IN }),
    csrLine("csrrw", 0, spare, setsFcsr ? "fcsr" : "fflags"),
  ];
  return [
    ...(frm === null ? [] : flags),
    ...f.map((rd, i) => instruction("fld", { rd, rs1: base, imm: Field.F_IN + i * WORD_BYTES })),
    ...x.map((rd, i) => instruction("ld", { rd, rs1: base, imm: Field.X_IN + i * WORD_BYTES })),
  ];
}

/** What every round does after it. */
function stores({ base, spare, frm, x, f }: SiteCode): Line[] {
  const flags = [
    csrLine("csrrs", spare, 0, "fcsr"),
    instruction("sd", { rs1: base, rs2: spare, imm: Field.FCSR_OUT }),
  ];
  return [
    ...x.map((rs2, i) => instruction("sd", { rs1: base, rs2, imm: Field.X_OUT + i * WORD_BYTES })),
    ...f.map((rs2, i) => instruction("fsd", { rs1: base, rs2, imm: Field.F_OUT + i * WORD_BYTES })),
    ...(frm === null ? [] : flags),
  ];
}

/** Addresses that a site's code refers to, as distances from its start. */
interface SiteDistances {
  readonly current: number;
  readonly first: number;
  readonly end: number;
  readonly next: number;
}

function siteLines(site: SiteCode, to: SiteDistances): Line[] {
  const { base, spare, frm, bits, length, reserve } = site;
  const setRounding = frm === null ? [] : [
    instruction("addi", { rd: spare, rs1: 0, imm: frm }),
    csrLine("csrrw", 0, spare, "frm"),
  ];
  return [
    ...setRounding,
    { kind: "place", rd: base, offset: to.first },
    // A region is entered by a jump to its head.
    instruction("jal", { rd: 0 }, LOOP),
    { kind: "label", label: LOOP },
    { kind: "place", rd: spare, offset: to.current },
    instruction("sd", { rs1: spare, rs2: base, imm: 0 }),
    ...loads(site),
    ...(reserve === null ? [] : [bitsLine(reserve, LONG_BYTES)]),
    { kind: "label", label: INSTRUCTION },
    bitsLine(bits, length),
    { kind: "label", label: AFTER },
    ...stores(site),
    instruction("addi", { rd: base, rs1: base, imm: RECORD_BYTES }),
    { kind: "place", rd: spare, offset: to.end },
    instruction("bne", { rs1: base, rs2: spare }, LOOP),
    { kind: "place", rd: spare, offset: to.next },
    instruction("jalr", { rd: 0, rs1: spare, imm: 0 }),
  ];
}

function placeLines(
  { base, spare }: Pick<SiteCode, "base" | "spare">,
  number: number,
  back: number,
): Line[] {
  return [
    instruction("addi", { rd: spare, rs1: 0, imm: number }),
    instruction("sd", { rs1: base, rs2: spare, imm: Field.PLACE }),
    { kind: "place", rd: spare, offset: back },
    instruction("jalr", { rd: 0, rs1: spare, imm: 0 }),
  ];
}

const NO_DISTANCES: SiteDistances = { current: 0, first: 0, end: 0, next: 0 };

/** Bytes of a site's code, and how many of them stand before the instruction. */
export function codeBytesOf(site: SiteCode): { before: number; bytes: number } {
  const { bytes, labels } = assembleProgram(siteLines(site, NO_DISTANCES));
  return { before: labels.get(INSTRUCTION) ?? 0, bytes: bytes.length };
}

/** Bytes of the code at a place that is jumped to. */
export const PLACE_BYTES: number =
  assembleProgram(placeLines({ base: 1, spare: 2 }, 0, 0)).bytes.length;

/** Builds the memory of a batch; the support code is left out. */
export function batchImage(sites: readonly Site[]): BatchImage {
  const bytes = new Uint8Array(MEMORY_BYTES);
  const put = (address: number, code: Uint8Array): void =>
    bytes.set(code, address - Address.SUPPORT);
  const starts = sites.map((site) => site.pc - codeBytesOf(site).before);
  const heads = new Set<number>();
  const view = new DataView(bytes.buffer);
  sites.forEach((site, index) => {
    const start = starts[index];
    const { firstRecord: first, cases } = site;
    const { bytes: code, labels } = assembleProgram(siteLines(site, {
      current: Address.CURRENT - start,
      first: recordAddress(first) - start,
      end: recordAddress(first + cases.length) - start,
      next: (starts[index + 1] ?? Address.END) - start,
    }));
    put(start, code);
    heads.add(start + (labels.get(LOOP) ?? 0));
    const after = start + (labels.get(AFTER) ?? 0);
    site.places.forEach((place, number) =>
      put(place, assembleProgram(placeLines(site, number + 1, after - place)).bytes)
    );
    cases.forEach((input, i) => writeRecord(view, first + i, input, after));
  });
  return { bytes, start: starts[0], heads };
}

function writeRecord(
  view: DataView,
  index: number,
  { x, f, fcsr, memory }: Site["cases"][number],
  resume: number,
): void {
  const at = recordAddress(index) - Address.SUPPORT;
  const put = (field: number, values: readonly bigint[]): void =>
    values.forEach((value, i) => view.setBigUint64(at + field + i * WORD_BYTES, value, true));
  put(RECORD_BYTES + Field.SPILL, [memory[0]]);
  put(Field.RESUME, [BigInt(resume)]);
  put(Field.FCSR_IN, [BigInt(fcsr)]);
  put(Field.X_IN, x);
  put(Field.F_IN, f);
  put(Field.MEMORY, memory);
}
