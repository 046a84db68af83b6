/**
 * Pieces of guest code that make accesses, as lists of simple steps, from which both the code and its meaning in
 * the model follow. Every mode has copies of its own, since a block head has one region at a time.
 */
import { assembleProgram, instruction, type Line } from "../../differential/guest_program.ts";
import { PAGE_BYTES } from "./mmu_layout.ts";

/** Registers of a stub: the value stored, the address, and results. */
export const StubRegister = {
  LINK: 1,
  VALUE: 10,
  ADDRESS: 11,
  FIRST_RESULT: 12,
  STRIDE: 15,
} as const;
/** Results of a stub. */
export const RESULTS = 3;

/** What one instruction of a stub does. */
export type StubStep =
  | {
    readonly kind: "load";
    readonly name: string;
    readonly offset: number;
    readonly result: number;
  }
  | { readonly kind: "store"; readonly name: string; readonly offset: number }
  | { readonly kind: "update"; readonly name: string; readonly result: number }
  | { readonly kind: "reserve"; readonly name: string; readonly result: number }
  | { readonly kind: "conditional"; readonly name: string; readonly result: number }
  /** The address goes one page on; two instructions. */
  | { readonly kind: "stride" }
  | { readonly kind: "fetch" };

/** Bytes that each access instruction moves, and whether it extends the sign. */
export const ACCESS_SHAPES: Readonly<Record<string, { bytes: number; isSigned: boolean }>> = {
  lb: { bytes: 1, isSigned: true },
  lbu: { bytes: 1, isSigned: false },
  lh: { bytes: 2, isSigned: true },
  lhu: { bytes: 2, isSigned: false },
  lw: { bytes: 4, isSigned: true },
  lwu: { bytes: 4, isSigned: false },
  ld: { bytes: 8, isSigned: true },
  sb: { bytes: 1, isSigned: false },
  sh: { bytes: 2, isSigned: false },
  sw: { bytes: 4, isSigned: false },
  sd: { bytes: 8, isSigned: false },
  "amoadd.d": { bytes: 8, isSigned: true },
  "amoadd.w": { bytes: 4, isSigned: true },
  "lr.d": { bytes: 8, isSigned: true },
  "sc.d": { bytes: 8, isSigned: true },
};

const load = (name: string, offset: number, result: number): StubStep => {
  return { kind: "load", name, offset, result };
};
const store = (name: string, offset: number): StubStep => ({ kind: "store", name, offset });

/** The stubs. */
export const STUBS: Readonly<Record<string, readonly StubStep[]>> = {
  load: [load("ld", 0, 0)],
  store: [store("sd", 0)],
  "load and store": [load("lw", 0, 0), store("sw", 4)],
  "store and load": [store("sd", 0), load("ld", 8, 0)],
  "store and load back": [store("sd", 0), load("lwu", 0, 0), load("lb", 7, 1)],
  half: [load("lh", 0, 0), store("sh", 2), load("lhu", 1, 1)],
  byte: [load("lbu", 0, 0), store("sb", 1)],
  update: [{ kind: "update", name: "amoadd.d", result: 0 }],
  "update word": [{ kind: "update", name: "amoadd.w", result: 0 }],
  reservation: [
    { kind: "reserve", name: "lr.d", result: 0 },
    { kind: "conditional", name: "sc.d", result: 1 },
  ],
  fetch: [{ kind: "fetch" }],
  "next page": [load("ld", 0, 0), { kind: "stride" }, load("ld", 0, 1)],
  "store next page": [load("ld", 0, 0), { kind: "stride" }, store("sd", 0)],
  "load, load": [load("ld", 0, 0), load("ld", 16, 1), load("lw", -8, 2)],
};

/** Names of the stubs. */
export const STUB_NAMES: readonly string[] = Object.keys(STUBS);

function lineOf(step: StubStep): Line[] {
  const { ADDRESS, VALUE, FIRST_RESULT, STRIDE, LINK } = StubRegister;
  switch (step.kind) {
    case "load":
      return [
        instruction(step.name, { rd: FIRST_RESULT + step.result, rs1: ADDRESS, imm: step.offset }),
      ];
    case "store":
      return [instruction(step.name, { rs1: ADDRESS, rs2: VALUE, imm: step.offset })];
    case "update":
    case "conditional":
      return [instruction(step.name, { rd: FIRST_RESULT + step.result, rs1: ADDRESS, rs2: VALUE })];
    case "reserve":
      return [instruction(step.name, { rd: FIRST_RESULT + step.result, rs1: ADDRESS })];
    case "stride":
      return [
        instruction("lui", { rd: STRIDE, imm: PAGE_BYTES }),
        instruction("add", { rd: ADDRESS, rs1: ADDRESS, rs2: STRIDE }),
      ];
    case "fetch":
      return [instruction("jalr", { rd: LINK, rs1: ADDRESS, imm: 0 })];
  }
}

const WORD_BYTES = 4;
/** Bytes from one stub to the next. */
const STUB_BYTES = 32;

/** How a mode differs from others in what code may assume. */
export interface StubMode {
  readonly privilege: "user" | "supervisor";
  readonly sum: boolean;
  readonly mxr: boolean;
  readonly isBare: boolean;
  readonly modifies: boolean;
}

/** Bytes from one copy of the stubs to the next. */
const COPY_BYTES: number = STUB_NAMES.length * STUB_BYTES;

function copyOf({ privilege, sum, mxr, isBare, modifies }: StubMode): number {
  const isUser = privilege === "user";
  if (modifies) return 8;
  if (isBare) return isUser ? 6 : 7;
  const rights = mxr ? 1 : 0;
  return isUser ? rights : 2 + rights + (sum ? 2 : 0);
}

/** Copies of the stubs. */
const COPIES = 9;

/** Distance of a stub's copy from the first stub. */
export function stubOffset(name: string, mode: StubMode): number {
  return copyOf(mode) * COPY_BYTES + STUB_NAMES.indexOf(name) * STUB_BYTES;
}

/** Distance of a step's access instruction from its stub. */
export function stepOffset(steps: readonly StubStep[], index: number): number {
  return steps.slice(0, index).reduce((sum, step) => sum + lineOf(step).length * WORD_BYTES, 0);
}

/** Code of all copies. */
export function stubCode(): Uint8Array {
  const code = new Uint8Array(COPIES * COPY_BYTES);
  for (let copy = 0; copy < COPIES; copy++) {
    STUB_NAMES.forEach((name, index) => {
      const lines = [...STUBS[name].flatMap(lineOf), instruction("ecall")];
      code.set(assembleProgram(lines).bytes, copy * COPY_BYTES + index * STUB_BYTES);
    });
  }
  return code;
}
