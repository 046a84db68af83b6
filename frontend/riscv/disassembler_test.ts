/**
 * The texts of decoder and disassembler against an independent one, GNU objdump: all 16-bit parcels and a
 * large sample of words. Where both differ for a reason, the reason stands in a table here.
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { CSR_NAMES } from "./csr_names.ts";
import { createDecoder, instructionLength } from "./decoder.ts";
import { Disassembler } from "./disassembler.ts";
import { assemble, encode } from "./encoder.ts";
import { parsePattern } from "./pattern.ts";
import { ROWS } from "./rows.ts";

const OBJDUMP = "riscv64-linux-gnu-objdump";
const ASSEMBLER = "riscv64-linux-gnu-as";
const ARCHITECTURE =
  "rv64gc_zicbom_zicbop_zicboz_zicsr_zifencei_zihintpause_zawrs_zfh_zba_zbb_zbc_zbkb_zbkc_zbkx_zbs" +
  "_zknd_zkne_zknh_zksed_zksh_svinval";
const SEED = 20240229;
const WORDS_PER_PATTERN = 30;
const RANDOM_WORDS = 20_000;
const PARCELS = 0x10000;
/** Texts shown when a comparison fails. */
const SHOWN = 20;

const ILLEGAL = "illegal";

/** Text of one instruction by objdump. */
interface Listed {
  readonly bits: number;
  readonly pc: bigint;
  readonly text: string;
}

/** A known difference: objdump's text, our text for the same bits, both in the form compared. */
interface Difference {
  readonly reason: string;
  readonly theirs: RegExp;
  readonly ours: RegExp;
}

const DIFFERENCES: readonly Difference[] = [
  {
    reason: "shifts by 0 are hints of the ordinary shift; objdump gives them the names of RV128",
    theirs: /^c\.(slli|srli|srai)64 \w+$/,
    ours: /^c\.(slli|srli|srai) \w+,0x0$/,
  },
  {
    reason: "objdump without aliases lists c.nop as the addition it is a form of",
    theirs: /^c\.addi zero,-?\d+$/,
    ours: /^c\.nop( -?\d+)?$/,
  },
  {
    reason: "an immediate of 0 is reserved",
    theirs: /^c\.addi16sp sp,0$/,
    ours: /^illegal$/,
  },
  {
    reason: "reserved fields of fences are ignored, and such a fence is an ordinary one",
    theirs: /^illegal$/,
    ours: /^fence(\.i|\.tso| \w+,\w+)$/,
  },
  {
    reason: "known to newer versions only",
    theirs: /^illegal$/,
    ours: new RegExp(
      "^((czero|fli|f(min|max)m|fround(nx)?|f(le|lt)q|fcvtmod|mop|c\\.mop)\\.|" +
        "c\\.(lbu|lhu?|s[bh]|mul|[sz]ext\\.[bhw]|not) )",
    ),
  },
  {
    reason: "exact conversions: objdump knows no rounding mode there",
    theirs: /^(fcvt\.(d\.(w|wu|s|h)|s\.h) \w+,\w+|illegal)$/,
    ours: /^fcvt\.(d\.(w|wu|s|h)|s\.h) \w+,\w+(,\w+)?$/,
  },
  {
    reason: "control and status registers that this hart does not have",
    theirs: /^csrr[wsc]i? \w+,[a-z]\w*,\w+$/,
    ours: /^csrr[wsc]i? \w+,0x[0-9a-f]+,\w+$/,
  },
];

async function run(command: string, args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args }).output();
  if (!success) throw new Error(`${command} failed: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

/** Why the comparison cannot run here, or null. */
async function missingTool(): Promise<string | null> {
  for (const command of [OBJDUMP, ASSEMBLER]) {
    const permission = await Deno.permissions.query({ name: "run", command });
    if (permission.state !== "granted") return `no permission to run ${command}`;
    try {
      await run(command, ["--version"]);
    } catch (error) {
      return `${command} does not run: ${error instanceof Error ? error.message : error}`;
    }
  }
  return null;
}

const MISSING = await missingTool();
if (MISSING !== null) console.warn(`Comparison with objdump skipped: ${MISSING}`);

function comparable(text: string): string {
  return /^(\.|c\.unimp)/.test(text) ? ILLEGAL : text;
}

/** Reads a listing; addresses with a symbol are printed without their prefix. */
function parseListing(listing: string): Listed[] {
  const lines = listing.matchAll(/^\s*([0-9a-f]+):\t([0-9a-f]+)\s*\t([^\t\n]+)(?:\t(.*))?$/gm);
  return [...lines].map(([, address, bits, mnemonic, rest = ""]) => {
    const operands = rest.replace(/\s*#.*/, "").replace(/([0-9a-f]+) <[^>]*>/, "0x$1").trim();
    const text = operands === "" ? mnemonic.trim() : `${mnemonic} ${operands}`;
    return { bits: parseInt(bits, 16), pc: BigInt(`0x${address}`), text: comparable(text) };
  });
}

function isExplained(theirs: string, ours: string): boolean {
  return DIFFERENCES.some((each) => each.theirs.test(theirs) && each.ours.test(ours));
}

/** An instruction of an extension that has no rows here. */
function isUnknownExtension(theirs: string, ours: string): boolean {
  const [mnemonic] = theirs.split(" ");
  return ours === ILLEGAL && theirs !== ILLEGAL && !mnemonic.startsWith("c.") &&
    !ROWS.some(({ name }) => name.split(" ")[0] === mnemonic);
}

function assertSameTexts(listed: readonly Listed[]): void {
  const disassembler = new Disassembler(createDecoder(), {
    compressedNames: true,
    csrName: (csr) => CSR_NAMES.get(csr),
  });
  const wrong = listed.flatMap(({ bits, pc, text }) => {
    const ours = comparable(disassembler.disassemble(bits, pc));
    if (ours === text || isExplained(text, ours) || isUnknownExtension(text, ours)) return [];
    return [`${bits.toString(16)}: objdump "${text}", here "${ours}"`];
  });
  assertEquals(wrong.slice(0, SHOWN), [], `${wrong.length} texts differ`);
}

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  name: "Every compressed parcel has the text that objdump gives it",
  ignore: MISSING !== null,
  fn: () =>
    inFolder(async (folder) => {
      const parcels = Array.from({ length: PARCELS }, (_, parcel) => parcel)
        .filter((parcel) => instructionLength(parcel) === 2);
      await Deno.writeFile(
        `${folder}/parcels`,
        new Uint8Array(Uint16Array.from(parcels).buffer),
      );
      const listed = parseListing(
        await run(OBJDUMP, [
          ...["-b", "binary", "-m", "riscv:rv64", "-D", "-z", "-M", "no-aliases"],
          `${folder}/parcels`,
        ]),
      );
      assertEquals(listed.length, parcels.length);
      assertSameTexts(listed);
    }),
});

function accessesToEveryRegister(): number[] {
  return [...CSR_NAMES.keys()].map((csr) => assemble("csrrs", { rd: 10, imm: csr }));
}

/** Words of all rows, and random words of 32-bit major opcodes. */
function sampleWords(): number[] {
  const patterns = ROWS.flatMap(({ pattern }) => parsePattern(pattern));
  const noise = fc.sample(fc.integer(), {
    numRuns: patterns.length * WORDS_PER_PATTERN,
    seed: SEED,
  });
  const encoded = noise.map((bits, i) => {
    const { mask, match } = patterns[i % patterns.length];
    return (match | (bits & ~mask)) >>> 0;
  });
  const random = fc.sample(fc.integer(), { numRuns: RANDOM_WORDS, seed: SEED })
    .map((bits) => (bits | 3) >>> 0)
    .filter((bits) => (bits & 0x1c) !== 0x1c);
  return [...encoded, ...accessesToEveryRegister(), ...random];
}

Deno.test({
  name: "A sample of words has the text that objdump gives them",
  ignore: MISSING !== null,
  fn: () =>
    inFolder(async (folder) => {
      const words = sampleWords();
      const source = words.map((word) => `.insn 4, 0x${word.toString(16)}\n`).join("");
      await Deno.writeTextFile(`${folder}/words.s`, source);
      await run(ASSEMBLER, [
        `-march=${ARCHITECTURE}`,
        "-o",
        `${folder}/words`,
        `${folder}/words.s`,
      ]);
      const listed = parseListing(
        await run(OBJDUMP, ["-d", "-z", "-M", "no-aliases", `${folder}/words`]),
      );
      assertEquals(listed.map(({ bits }) => bits), words);
      assertSameTexts(listed);
    }),
});

Deno.test("Texts of base instructions show compressed ones expanded unless asked otherwise", () => {
  const decoder = createDecoder();
  const text = new Disassembler(decoder);
  const named = new Disassembler(decoder, { compressedNames: true });
  assertEquals(text.disassemble(0x0141, 0n), "addi sp,sp,16");
  assertEquals(named.disassemble(0x0141, 0n), "c.addi sp,16");
  assertEquals(text.disassemble(0x8082, 0n), "jalr zero,0(ra)");
  assertEquals(text.disassemble(0xfe5ff06f, 0x1000n), "jal zero,0xfe4");
  assertEquals(text.disassemble(assemble("jal", { imm: -4 }), 0n), "jal zero,0xfffffffffffffffc");
  assertEquals(text.disassemble(0, 0n), ".2byte 0x0");
});

Deno.test("Names of control and status registers come from whoever knows them", () => {
  const csrName = (csr: number): string | undefined => csr === 0x305 ? "mtvec" : undefined;
  const text = new Disassembler(createDecoder(), { csrName });
  assertEquals(text.disassemble(0x30529073, 0n), "csrrw zero,mtvec,t0");
  assertEquals(text.disassemble(0x30629073, 0n), "csrrw zero,0x306,t0");
});

Deno.test("No operand word is left in any text", () => {
  const text = new Disassembler(createDecoder());
  for (const { pattern, name } of ROWS) {
    for (const alternative of parsePattern(pattern)) {
      const shown = text.disassemble(encode(alternative, {}), 0n);
      assert(
        !/\b(rd|f?rs[123]|fd|imm|shamt|upper|target|csr|zimm|pred|succ|rm|constant)\b/.test(shown),
        name,
      );
    }
  }
});
