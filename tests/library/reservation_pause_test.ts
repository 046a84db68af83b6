// A store-conditional behind a pause between the two instructions fails: the host may have written the reserved
// bytes meanwhile, with another value or with the one that was there.

import { assert, assertEquals } from "@std/assert";
import { assemble } from "../../frontend/riscv/encoder.ts";
import { LLSC_SCHEMES } from "../../runtime/machine/options.ts";
import type { Machine } from "../../mod.ts";
import { pausedWhen, programMachine } from "./machine_fixture.ts";

const ROUNDS = 12;
/** A round that is not reached. */
const ENDLESS = 2n ** 40n;
const ROUNDS_ALONE = 1000n;
const [T0, T1, A0, A1, A2, A3] = [5, 6, 10, 11, 12, 13];

/** Offsets from the start of RAM; each word but one has a line to itself. */
const DATA = 0x1000;
const Word = {
  RESERVED: 0,
  BESIDE: 9,
  ASKED: 64,
  ANSWERED: 128,
  FAILED: 192,
  ALLOWED: 256,
} as const;
/** Offset of the second hart's code. */
const HELPER = 0x40;
const WORD_BYTES = 8;
/** Predecessor and successor sets of a fence that orders all accesses to memory. */
const FENCE_RW_RW = 0x33;

/**
 * Hart 0 counts rounds in a0: it reserves, says so, waits for the answer, tries to store the round's number, and
 * notes how that went. Hart 1 answers as long as the round is allowed, so without the host nothing disturbs.
 */
function program(): number[] {
  const fullFence = assemble("fence", { imm: FENCE_RW_RW });
  const first = [
    assemble("auipc", { rd: T0, imm: DATA }),
    assemble("csrrs", { rd: A1, imm: 0xf14 }), // mhartid
    assemble("bne", { rs1: A1, rs2: 0, imm: HELPER - 8 }),
    assemble("addi", { rd: A0, rs1: A0, imm: 1 }),
    assemble("lr.d", { rd: A1, rs1: T0 }),
    assemble("sd", { rs1: T0, rs2: A0, imm: Word.ASKED }),
    assemble("ld", { rd: A2, rs1: T0, imm: Word.ANSWERED }),
    assemble("bne", { rs1: A2, rs2: A0, imm: -4 }),
    assemble("sc.d", { rd: A3, rs1: T0, rs2: A0 }),
    assemble("add", { rd: T1, rs1: T1, rs2: A3 }),
    assemble("sd", { rs1: T0, rs2: T1, imm: Word.FAILED }),
    fullFence,
    assemble("jal", { imm: -36 }),
  ];
  const second = [
    assemble("ld", { rd: A0, rs1: T0, imm: Word.ASKED }),
    fullFence,
    assemble("ld", { rd: A1, rs1: T0, imm: Word.ALLOWED }),
    assemble("bltu", { rs1: A1, rs2: A0, imm: -12 }),
    assemble("sd", { rs1: T0, rs2: A0, imm: Word.ANSWERED }),
    assemble("jal", { imm: -20 }),
  ];
  const gap = new Array<number>(HELPER / 4 - first.length).fill(assemble("addi"));
  return [...first, ...gap, ...second];
}

function readWord({ memory }: Machine, word: number): bigint {
  const bytes = memory.read(memory.base + DATA + word, WORD_BYTES);
  return new DataView(bytes.buffer).getBigUint64(0, true);
}

function writeWord({ memory }: Machine, word: number, value: bigint): void {
  memory.write(memory.base + DATA + word, new Uint8Array(BigUint64Array.of(value).buffer));
}

/** Hart 0 stands between its two instructions, and hart 1 does not answer it. */
async function pausedInWindow(machine: Machine): Promise<void> {
  await pausedWhen(machine, () => readWord(machine, Word.ASKED) > readWord(machine, Word.ANSWERED));
}

/** What the host does in one round's pause; the harts then go on alone. @returns failures in this round */
async function failuresOfRound(machine: Machine, write: () => void): Promise<bigint> {
  await pausedInWindow(machine);
  const round = readWord(machine, Word.ASKED);
  const before = readWord(machine, Word.FAILED);
  write();
  writeWord(machine, Word.ALLOWED, round);
  await machine.resume();
  await pausedWhen(machine, () => readWord(machine, Word.ASKED) > round);
  return readWord(machine, Word.FAILED) - before;
}

/** Ways to write to the reserved line. */
const WRITES: readonly ((machine: Machine) => void)[] = [
  (machine) => writeWord(machine, Word.RESERVED, readWord(machine, Word.RESERVED)),
  (machine) => writeWord(machine, Word.RESERVED, ~readWord(machine, Word.RESERVED)),
  (machine) => machine.memory.write(machine.memory.base + DATA + Word.BESIDE, Uint8Array.of(1)),
];

for (const llsc of LLSC_SCHEMES) {
  Deno.test(`llsc=${llsc}: what is written in a pause between LR and SC makes it fail, also the old value`, async () => {
    await using machine = await programMachine(program(), { harts: 2, accel: { llsc } });
    await machine.start();
    for (let round = 0; round < ROUNDS; round++) {
      let written = 0n;
      const failures = await failuresOfRound(machine, () => {
        WRITES[round % WRITES.length](machine);
        written = readWord(machine, Word.RESERVED);
      });
      assertEquals(failures, 1n, `round ${round}`);
      assertEquals(readWord(machine, Word.RESERVED), written);
      await machine.resume();
    }
  });
}

Deno.test("windows in which no pause falls succeed, though another hart acts meanwhile", async () => {
  await using machine = await programMachine(program(), { harts: 2 });
  writeWord(machine, Word.ALLOWED, ENDLESS);
  await machine.start();
  await pausedWhen(machine, () => readWord(machine, Word.ASKED) > ROUNDS_ALONE);
  const [asked, failed] = [readWord(machine, Word.ASKED), readWord(machine, Word.FAILED)];
  assert(failed * 2n < asked, `${failed} of ${asked} failed`);
});
