/**
 * Rows of the float instructions of all precisions. In the syntax column, `fd` and `fs1`.. are float registers
 * in the fields `rd` and `rs1`..; `rm` is the rounding mode. Names and patterns hold places for what the
 * precisions differ in: see `float_column.ts`.
 *
 * Source: Unprivileged ISA, `"F" Extension for Single-Precision Floating-Point`, `"D" Extension for
 * Double-Precision Floating-Point`, `"Zfh" and "Zfhmin" Extensions for Half-Precision Floating-Point`.
 */
import {
  F16_TO_F32,
  F16_TO_F64,
  F32_TO_F16,
  F32_TO_F64,
  F64_TO_F16,
  F64_TO_F32,
} from "../../softfloat/signatures.ts";
import type { InstructionRow, Lifter } from "../instruction.ts";
import { DOUBLE, HALF, SINGLE } from "../lift/float_format.ts";
import * as lift from "../lift/float_operations.ts";
import {
  DOUBLE_COLUMN,
  type FloatColumn,
  type FloatRowEntry,
  floatRows,
  HALF_COLUMN,
  SINGLE_COLUMN,
} from "./float_column.ts";
import { type RowEntry, rowTable } from "./row_table.ts";

const LOADS_AND_STORES: readonly FloatRowEntry[] = [
  ["fl~", "imm[11:0] rs1 WWW rd 0000111", "fd, imm(rs1)", lift.load],
  ["fs~", "imm[11:5] rs2 rs1 WWW imm[4:0] 0100111", "fs2, imm(rs1)", lift.store],
];

const MOVES: readonly FloatRowEntry[] = [
  ["fmv.x.~", "11100FF 00000 rs1 000 rd 1010011", "rd, fs1", lift.moveToInteger],
  ["fmv.~.x", "11110FF 00000 rs1 000 rd 1010011", "fd, rs1", lift.moveFromInteger],
];

/** Multiply-add with signs of product and addend changed or not. */
function fused(
  name: string,
  opcode: string,
  negateProduct: boolean,
  negateAddend: boolean,
): FloatRowEntry {
  return [
    `${name}._`,
    `rs3 FF rs2 rs1 rm rd ${opcode}`,
    "fd, fs1, fs2, fs3, rm",
    (access) => lift.multiplyAdd(access, { negateProduct, negateAddend }),
  ];
}

const COMPUTATION: readonly FloatRowEntry[] = [
  fused("fmadd", "1000011", false, false),
  fused("fmsub", "1000111", false, true),
  fused("fnmsub", "1001011", true, false),
  fused("fnmadd", "1001111", true, true),
  [
    "fadd._",
    "00000FF rs2 rs1 rm rd 1010011",
    "fd, fs1, fs2, rm",
    (access) => lift.arithmetic(access, "add", "rs1", "rs2"),
  ],
  [
    "fsub._",
    "00001FF rs2 rs1 rm rd 1010011",
    "fd, fs1, fs2, rm",
    (access) => lift.arithmetic(access, "subtract", "rs1", "rs2"),
  ],
  [
    "fmul._",
    "00010FF rs2 rs1 rm rd 1010011",
    "fd, fs1, fs2, rm",
    (access) => lift.arithmetic(access, "multiply", "rs1", "rs2"),
  ],
  [
    "fdiv._",
    "00011FF rs2 rs1 rm rd 1010011",
    "fd, fs1, fs2, rm",
    (access) => lift.arithmetic(access, "divide", "rs1", "rs2"),
  ],
  [
    "fsqrt._",
    "01011FF 00000 rs1 rm rd 1010011",
    "fd, fs1, rm",
    (access) => lift.arithmetic(access, "squareRoot", "rs1"),
  ],
  [
    "fmin._",
    "00101FF rs2 rs1 000 rd 1010011",
    "fd, fs1, fs2",
    (access) => lift.extremum(access, "minimum", "prefer numbers"),
  ],
  [
    "fmax._",
    "00101FF rs2 rs1 001 rd 1010011",
    "fd, fs1, fs2",
    (access) => lift.extremum(access, "maximum", "prefer numbers"),
  ],
];

const CONVERSION: readonly FloatRowEntry[] = [
  [
    "fsgnj._",
    "00100FF rs2 rs1 000 rd 1010011",
    "fd, fs1, fs2",
    (access) => lift.injectSign(access, "copy"),
  ],
  [
    "fsgnjn._",
    "00100FF rs2 rs1 001 rd 1010011",
    "fd, fs1, fs2",
    (access) => lift.injectSign(access, "negate"),
  ],
  [
    "fsgnjx._",
    "00100FF rs2 rs1 010 rd 1010011",
    "fd, fs1, fs2",
    (access) => lift.injectSign(access, "xor"),
  ],
  ...([
    ["w", "00000", "i32"],
    ["wu", "00001", "u32"],
    ["l", "00010", "i64"],
    ["lu", "00011", "u64"],
  ] as const).flatMap(([letters, field, integer]): FloatRowEntry[] => [
    [
      `fcvt.${letters}._`,
      `11000FF ${field} rs1 rm rd 1010011`,
      "rd, fs1, rm",
      (access) => lift.convertToInteger(access, integer),
    ],
    [
      `fcvt._.${letters}`,
      `11010FF ${field} rs1 rm rd 1010011`,
      "fd, rs1, rm",
      (access) => lift.convertFromInteger(access, integer),
    ],
  ]),
];

const COMPARISON: readonly FloatRowEntry[] = [
  [
    "feq._",
    "10100FF rs2 rs1 010 rd 1010011",
    "rd, fs1, fs2",
    (access) => lift.compare(access, { relation: "eq", isQuiet: true }),
  ],
  [
    "flt._",
    "10100FF rs2 rs1 001 rd 1010011",
    "rd, fs1, fs2",
    (access) => lift.compare(access, { relation: "lt", isQuiet: false }),
  ],
  [
    "fle._",
    "10100FF rs2 rs1 000 rd 1010011",
    "rd, fs1, fs2",
    (access) => lift.compare(access, { relation: "le", isQuiet: false }),
  ],
];

const CLASSIFICATION: readonly FloatRowEntry[] = [
  ["fclass._", "11100FF 00000 rs1 001 rd 1010011", "rd, fs1", lift.classify],
];

function rowsOf(column: FloatColumn): InstructionRow[] {
  const { extension, transferExtension, titles } = column;
  const rows = (title: string, entries: readonly FloatRowEntry[]): InstructionRow[] =>
    floatRows(column, extension, `${titles.computation} ${title}`, entries);
  const loads = `${titles.transfer} Load and Store Instructions`;
  const moves = `${titles.computation} Conversion and Move Instructions`;
  return [
    ...floatRows(column, transferExtension, loads, LOADS_AND_STORES),
    ...floatRows(column, transferExtension, moves, MOVES),
    ...rows("Computational Instructions", COMPUTATION),
    ...rows("Conversion and Move Instructions", CONVERSION),
    ...floatRows(
      column,
      extension,
      `${titles.transfer} Floating-Point Compare Instructions`,
      COMPARISON,
    ),
    ...floatRows(
      column,
      extension,
      `${titles.transfer} Floating-Point Classify Instruction`,
      CLASSIFICATION,
    ),
  ];
}

/** A conversion between formats, its two formats given as bits of the word. */
function conversion(name: string, fields: string, lifter: Lifter): RowEntry {
  return [name, `${fields} rs1 rm rd 1010011`, "fd, fs1, rm", lifter];
}

const DOUBLE_SECTION = "Double-Precision Floating-Point Conversion and Move Instructions";
const HALF_SECTION = "Half-Precision Conversion and Move Instructions";

const BETWEEN_FORMATS: readonly InstructionRow[] = [
  ...rowTable("d", DOUBLE_SECTION, [
    conversion("fcvt.s.d", "0100000 00001", lift.narrow(SINGLE, DOUBLE, F64_TO_F32)),
    conversion("fcvt.d.s", "0100001 00000", lift.widen(DOUBLE, SINGLE, F32_TO_F64)),
  ]),
  ...rowTable("zfhmin", HALF_SECTION, [
    conversion("fcvt.s.h", "0100000 00010", lift.widen(SINGLE, HALF, F16_TO_F32)),
    conversion("fcvt.h.s", "0100010 00000", lift.narrow(HALF, SINGLE, F32_TO_F16)),
  ]),
  ...rowTable("zfhmin and d", HALF_SECTION, [
    conversion("fcvt.d.h", "0100001 00010", lift.widen(DOUBLE, HALF, F16_TO_F64)),
    conversion("fcvt.h.d", "0100010 00001", lift.narrow(HALF, DOUBLE, F64_TO_F16)),
  ]),
];

/** All rows of this file. */
export const RV_FLOAT: readonly InstructionRow[] = [
  ...[SINGLE_COLUMN, DOUBLE_COLUMN, HALF_COLUMN].flatMap(rowsOf),
  ...BETWEEN_FORMATS,
];
