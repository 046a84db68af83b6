/**
 * Compressed instructions: each is a 16-bit pattern and the base instruction it stands for. Registers and
 * immediates that the pattern does not hold are given beside it.
 *
 * A reserved encoding has no row here or, inside a wider pattern, one that stands for the illegal
 * instruction; so does a row whose extension is missing. Hints are what they look like.
 *
 * Source: Unprivileged ISA, "C" Extension for Compressed Instructions, "RVC Instruction Set Listings".
 */
import type { FieldName } from "./instruction.ts";

/** One compressed instruction. */
export interface CompressedRow {
  /** Mnemonic as in the manual. */
  readonly name: string;
  /** Encoding; see `pattern.ts`. */
  readonly pattern: string;
  /** Operands in assembly order; see `disassembler.ts`. */
  readonly syntax: string;
  /** Name of the row it stands for. */
  readonly base: string;
  /** Extension that it belongs to, beside that of its base; without it, its encoding is reserved. */
  readonly extension: string;
  /** Fields of the base instruction that the pattern does not hold; 0 when absent here too. */
  readonly fixed: Partial<Record<FieldName, number>>;
}

const RA = 1;
const SP = 2;

function compressed(
  name: string,
  pattern: string,
  syntax: string,
  base: string,
  fixed: CompressedRow["fixed"] = {},
): CompressedRow {
  return { name, pattern, syntax, base, fixed, extension: "c" };
}

function reserved(pattern: string): CompressedRow {
  return { name: "reserved", pattern, syntax: "", base: "illegal", fixed: {}, extension: "c" };
}

type CompressedEntry = Parameters<typeof compressed>;

/** The same as {@linkcode compressed} for an extension of its own. */
function added(extension: string, ...entry: CompressedEntry): CompressedRow {
  return { ...compressed(...entry), extension };
}

const BYTE_MASK = 0xff;
const ALL_ONES = -1;

/** Source: Unprivileged ISA, "Zcb: Simple code-size saving instructions". */
const CODE_SIZE: readonly CompressedEntry[] = [
  ["c.lbu", "100 000 rs1' uimm[0|1] rd' 00", "rd, imm(rs1)", "lbu"],
  ["c.lhu", "100 001 rs1' 0 uimm[1] rd' 00", "rd, imm(rs1)", "lhu"],
  ["c.lh", "100 001 rs1' 1 uimm[1] rd' 00", "rd, imm(rs1)", "lh"],
  ["c.sb", "100 010 rs1' uimm[0|1] rs2' 00", "rs2, imm(rs1)", "sb"],
  ["c.sh", "100 011 rs1' 0 uimm[1] rs2' 00", "rs2, imm(rs1)", "sh"],
  ["c.mul", "100 1 11 rd'/rs1' 10 rs2' 01", "rd, rs2", "mul"],
  ["c.zext.b", "100 1 11 rd'/rs1' 11 000 01", "rd", "andi", { imm: BYTE_MASK }],
  ["c.sext.b", "100 1 11 rd'/rs1' 11 001 01", "rd", "sext.b"],
  ["c.zext.h", "100 1 11 rd'/rs1' 11 010 01", "rd", "zext.h"],
  ["c.sext.h", "100 1 11 rd'/rs1' 11 011 01", "rd", "sext.h"],
  ["c.zext.w", "100 1 11 rd'/rs1' 11 100 01", "rd", "add.uw"],
  ["c.not", "100 1 11 rd'/rs1' 11 101 01", "rd", "xori", { imm: ALL_ONES }],
];

const MAY_BE_OPERATIONS = 8;

/** Source: Unprivileged ISA, `"Zcmop" Compressed May-Be-Operations Extension`. They write nothing. */
const COMPRESSED_MAY_BE: readonly CompressedRow[] = Array.from(
  { length: MAY_BE_OPERATIONS },
  (_, index) => {
    const bits = index.toString(2).padStart(3, "0");
    return added("zcmop", `c.mop.${2 * index + 1}`, `011 0 0 ${bits} 1 00000 01`, "", "addi");
  },
);

const QUADRANT_0: readonly CompressedRow[] = [
  reserved("000 00000000 --- 00"),
  compressed(
    "c.addi4spn",
    "000 uimm[5:4|9:6|2|3] rd' 00",
    "rd, sp, imm",
    "addi",
    { rs1: SP },
  ),
  compressed("c.fld", "001 uimm[5:3] rs1' uimm[7:6] rd' 00", "fd, imm(rs1)", "fld"),
  compressed("c.lw", "010 uimm[5:3] rs1' uimm[2|6] rd' 00", "rd, imm(rs1)", "lw"),
  compressed("c.ld", "011 uimm[5:3] rs1' uimm[7:6] rd' 00", "rd, imm(rs1)", "ld"),
  compressed("c.fsd", "101 uimm[5:3] rs1' uimm[7:6] rs2' 00", "fs2, imm(rs1)", "fsd"),
  compressed("c.sw", "110 uimm[5:3] rs1' uimm[2|6] rs2' 00", "rs2, imm(rs1)", "sw"),
  compressed("c.sd", "111 uimm[5:3] rs1' uimm[7:6] rs2' 00", "rs2, imm(rs1)", "sd"),
];

const QUADRANT_1: readonly CompressedRow[] = [
  compressed("c.nop", "000 imm[5] 00000 imm[4:0] 01", "imm?", "addi"),
  compressed("c.addi", "000 imm[5] rd/rs1 imm[4:0] 01", "rd, imm", "addi"),
  compressed("c.addiw", "001 imm[5] rd/rs1 imm[4:0] 01", "rd, imm", "addiw"),
  reserved("001 - 00000 ----- 01"),
  compressed("c.li", "010 imm[5] rd imm[4:0] 01", "rd, imm", "addi"),
  compressed("c.lui", "011 imm[17] rd imm[16:12] 01", "rd, upper", "lui"),
  ...["1----", "01---", "001--", "0000-"].map((notSp) => reserved(`011 0 ${notSp} 00000 01`)),
  compressed(
    "c.addi16sp",
    "011 imm[9] 00010 imm[4|6|8:7|5] 01",
    "sp, imm",
    "addi",
    { rd: SP, rs1: SP },
  ),
  reserved("011 0 00010 00000 01"),
  compressed("c.srli", "100 shamt[5] 00 rd'/rs1' shamt[4:0] 01", "rd, shamt", "srli"),
  compressed("c.srai", "100 shamt[5] 01 rd'/rs1' shamt[4:0] 01", "rd, shamt", "srai"),
  compressed("c.andi", "100 imm[5] 10 rd'/rs1' imm[4:0] 01", "rd, imm", "andi"),
  compressed("c.sub", "100 0 11 rd'/rs1' 00 rs2' 01", "rd, rs2", "sub"),
  compressed("c.xor", "100 0 11 rd'/rs1' 01 rs2' 01", "rd, rs2", "xor"),
  compressed("c.or", "100 0 11 rd'/rs1' 10 rs2' 01", "rd, rs2", "or"),
  compressed("c.and", "100 0 11 rd'/rs1' 11 rs2' 01", "rd, rs2", "and"),
  compressed("c.subw", "100 1 11 rd'/rs1' 00 rs2' 01", "rd, rs2", "subw"),
  compressed("c.addw", "100 1 11 rd'/rs1' 01 rs2' 01", "rd, rs2", "addw"),
  compressed("c.j", "101 imm[11|4|9:8|10|6|7|3:1|5] 01", "target", "jal"),
  compressed("c.beqz", "110 imm[8|4:3] rs1' imm[7:6|2:1|5] 01", "rs1, target", "beq"),
  compressed("c.bnez", "111 imm[8|4:3] rs1' imm[7:6|2:1|5] 01", "rs1, target", "bne"),
];

const QUADRANT_2: readonly CompressedRow[] = [
  compressed("c.slli", "000 shamt[5] rd/rs1 shamt[4:0] 10", "rd, shamt", "slli"),
  compressed(
    "c.fldsp",
    "001 uimm[5] rd uimm[4:3|8:6] 10",
    "fd, imm(rs1)",
    "fld",
    { rs1: SP },
  ),
  compressed("c.lwsp", "010 uimm[5] rd uimm[4:2|7:6] 10", "rd, imm(rs1)", "lw", { rs1: SP }),
  reserved("010 - 00000 ----- 10"),
  compressed("c.ldsp", "011 uimm[5] rd uimm[4:3|8:6] 10", "rd, imm(rs1)", "ld", { rs1: SP }),
  reserved("011 - 00000 ----- 10"),
  compressed("c.jr", "100 0 rs1 00000 10", "rs1", "jalr"),
  reserved("100 0 00000 00000 10"),
  compressed("c.mv", "100 0 rd rs2 10", "rd, rs2", "add"),
  compressed("c.ebreak", "100 1 00000 00000 10", "", "ebreak"),
  compressed("c.jalr", "100 1 rs1 00000 10", "rs1", "jalr", { rd: RA }),
  compressed("c.add", "100 1 rd/rs1 rs2 10", "rd, rs2", "add"),
  compressed("c.fsdsp", "101 uimm[5:3|8:6] rs2 10", "fs2, imm(rs1)", "fsd", { rs1: SP }),
  compressed("c.swsp", "110 uimm[5:2|7:6] rs2 10", "rs2, imm(rs1)", "sw", { rs1: SP }),
  compressed("c.sdsp", "111 uimm[5:3|8:6] rs2 10", "rs2, imm(rs1)", "sd", { rs1: SP }),
];

/** All compressed instructions of RV64. */
export const COMPRESSED_ROWS: readonly CompressedRow[] = [
  ...CODE_SIZE.map((entry) => added("zcb", ...entry)),
  ...COMPRESSED_MAY_BE,
  ...QUADRANT_0,
  ...QUADRANT_1,
  ...QUADRANT_2,
];
