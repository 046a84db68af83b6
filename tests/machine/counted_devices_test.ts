// Counted time and replays with what else a machine has: other ways to its console, an alarm, a code cache.

import { assert, assertEquals } from "@std/assert";
import { assemble } from "../../frontend/riscv/encoder.ts";
import type { AccelOptions, MachineSettings } from "../../mod.ts";
import { loadElf } from "../../runtime/loader/elf.ts";
import { readGuestElf } from "../guests/guest_elf.ts";
import { guestMachine, outputOf, programMachine } from "../library/machine_fixture.ts";
import { comparable, logFile, record, Session, shortTalk } from "./typed_session.ts";

const [RA, T0, T1, T2, A0, A1, A2, A6, A7] = [1, 5, 6, 7, 10, 11, 12, 16, 17];
const [S2, S3, S4, S5] = [18, 19, 20, 21];
const QUIT = "q".charCodeAt(0);
const BYTE = 0xff;

/** An instruction, or a function of where labels are, or the label of the next instruction. */
type Line = string | number | ((to: (label: string) => number) => number);

/** Instructions with the distances to labels in them. */
function link(lines: readonly Line[]): number[] {
  const places = new Map<string, number>();
  const code: Exclude<Line, string>[] = [];
  for (const line of lines) {
    if (typeof line === "string") places.set(line, code.length);
    else code.push(line);
  }
  return code.map((line, at) =>
    typeof line === "number" ? line : line((label) => 4 * ((places.get(label) ?? NaN) - at))
  );
}

/** Branches if two registers are equal, or are not. */
function branch(name: "beq" | "bne", rs1: number, rs2: number, label: string): Line {
  return (to) => assemble(name, { rs1, rs2, imm: to(label) });
}

function jump(rd: number, label: string): Line {
  return (to) => assemble("jal", { rd, imm: to(label) });
}

/** A constant below 2^31 in two instructions. */
function constant(rd: number, value: number): number[] {
  const low = (value << 20) >> 20;
  return [
    assemble("lui", { rd, imm: (value - low) | 0 }),
    assemble("addi", { rd, rs1: rd, imm: low }),
  ];
}

// --- the console by other ways ----------------------------------------------------------------------

const SBI_DEBUG_CONSOLE = 0x4442434e;
const SBI_RESET = 0x53525354;

/** As the program of `typed_session.ts`, over the firmware's debug console. */
const SBI_PROGRAM = link([
  ...constant(A7, SBI_DEBUG_CONSOLE),
  assemble("auipc", { rd: S3, imm: 0x1000 }),
  assemble("addi", { rd: A0, imm: 0 }),
  jump(RA, "put"),
  "loop",
  assemble("addi", { rd: S4, rs1: S4, imm: 1 }),
  assemble("addi", { rd: A6, imm: 1 }),
  assemble("addi", { rd: A0, imm: 1 }),
  assemble("addi", { rd: A1, rs1: S3, imm: 0 }),
  assemble("addi", { rd: A2, imm: 0 }),
  assemble("ecall"),
  branch("beq", A1, 0, "loop"),
  assemble("lbu", { rd: S5, rs1: S3, imm: 0 }),
  assemble("addi", { rd: A0, rs1: S5, imm: 0 }),
  jump(RA, "put"),
  assemble("andi", { rd: A0, rs1: S4, imm: BYTE }),
  jump(RA, "put"),
  assemble("addi", { rd: T0, rs1: S5, imm: -QUIT }),
  branch("bne", T0, 0, "loop"),
  ...constant(A7, SBI_RESET),
  assemble("addi", { rd: A6, imm: 0 }),
  assemble("addi", { rd: A0, imm: 0 }),
  assemble("addi", { rd: A1, imm: 0 }),
  assemble("ecall"),
  "put",
  assemble("addi", { rd: A6, imm: 2 }),
  assemble("ecall"),
  assemble("jalr", { rs1: RA, imm: 0 }),
]);

/** The same over the host-target interface, in the place of the program of an ELF file that names its words. */
async function htifKernel(): Promise<Uint8Array> {
  const bytes = await readGuestElf("hello", "spike", { harts: 1 });
  const { segments, entry, symbols } = loadElf("hello", bytes);
  const place = (rd: number, symbol: string): Line[] => {
    const distance = (symbols.get(symbol) ?? NaN) - entry;
    const [high, low] = constant(rd, distance);
    return [high, low, assemble("add", { rd, rs1: rd, rs2: S2 })];
  };
  const code = link([
    assemble("auipc", { rd: S2, imm: 0 }), // the entry
    ...place(T0, "tohost"),
    ...place(T1, "fromhost"),
    assemble("addi", { rd: A0, imm: 0 }),
    jump(RA, "put"),
    "loop",
    assemble("addi", { rd: T2, imm: 1 }),
    assemble("slli", { rd: T2, rs1: T2, imm: 56 }),
    assemble("sd", { rs1: T0, rs2: T2, imm: 0 }),
    "wait",
    assemble("addi", { rd: S4, rs1: S4, imm: 1 }),
    assemble("ld", { rd: S5, rs1: T1, imm: 0 }),
    branch("beq", S5, 0, "wait"),
    assemble("sd", { rs1: T1, rs2: 0, imm: 0 }),
    assemble("andi", { rd: S5, rs1: S5, imm: BYTE }),
    assemble("addi", { rd: A0, rs1: S5, imm: 0 }),
    jump(RA, "put"),
    assemble("andi", { rd: A0, rs1: S4, imm: BYTE }),
    jump(RA, "put"),
    assemble("addi", { rd: T2, rs1: S5, imm: -QUIT }),
    branch("bne", T2, 0, "loop"),
    assemble("addi", { rd: T2, imm: 1 }),
    assemble("sd", { rs1: T0, rs2: T2, imm: 0 }),
    "end",
    jump(0, "end"),
    "put",
    assemble("addi", { rd: A1, imm: 0x101 }),
    assemble("slli", { rd: A1, rs1: A1, imm: 48 }),
    assemble("or", { rd: A0, rs1: A0, rs2: A1 }),
    assemble("sd", { rs1: T0, rs2: A0, imm: 0 }),
    "taken",
    assemble("ld", { rd: A0, rs1: T0, imm: 0 }),
    branch("bne", A0, 0, "taken"),
    assemble("jalr", { rs1: RA, imm: 0 }),
  ]);
  const segment = segments.find(({ physicalAddress, bytes: { length } }) =>
    entry >= physicalAddress && entry < physicalAddress + length
  );
  assert(segment !== undefined && segment.bytes.buffer === bytes.buffer);
  segment?.bytes.set(
    new Uint8Array(Uint32Array.from(code).buffer),
    entry - segment.physicalAddress,
  );
  return bytes;
}

const CONSOLES: readonly (readonly [string, () => Promise<MachineSettings>])[] = [
  ["the firmware's debug console", () =>
    Promise.resolve({
      firmware: "default",
      memory: "16M",
      kernel: new Uint8Array(Uint32Array.from(SBI_PROGRAM).buffer),
    })],
  ["the host-target interface", async () => ({
    board: "spike",
    memory: "16M",
    kernel: await htifKernel(),
  })],
];

for (const [name, settingsOf] of CONSOLES) {
  Deno.test(`rr: what was typed comes again through ${name}, and back and forth`, async () => {
    const settings = await settingsOf();
    await using log = await logFile();
    const recorded = await record(log.path, shortTalk, settings);
    assert(["power-off", "guest-exit"].includes(recorded.ended.reason), recorded.ended.reason);
    const { instructions = 0, events = 0 } = recorded.ended.journal ?? {};
    assert(events >= 3, `${events} events`);
    const icount = { rr: "replay", rrfile: log.path } as const;
    await using session = await Session.open(icount, {
      ...settings,
      snapshots: { everyInstructions: 500_000 },
    });
    const { machine } = session;
    const third = Math.floor(instructions / 3);
    await machine.seek(third);
    const hash = await machine.stateHash();
    for (const place of [instructions - 1, 2 * third, 10, third]) await machine.seek(place);
    assertEquals(await machine.stateHash(), hash);
    await machine.resume();
    assertEquals(comparable(await session.end()), comparable(recorded));
  });
}

// --- the alarm of the real-time clock -----------------------------------------------------------------

const RTC = 0x10_1000;
const ALARM_NANOSECONDS = 3_000_000;
const PLIC_PRIORITY = 0xc00_0000 + 4 * 11;
const PLIC_ENABLE = 0xc00_2000;
const RTC_SOURCE_BIT = 1 << 11;
const EXTERNAL = 1 << 11;
const Csr = { MSTATUS: 0x300, MIE: 0x304, MTVEC: 0x305, MINSTRET: 0xb02 };
const Rtc = { TIME_LOW: 0, TIME_HIGH: 4, ALARM_LOW: 8, ALARM_HIGH: 12, ENABLED: 16 };

/** Sets the alarm, then loops without a look at any device; the handler notes in s3 when the interrupt came. */
const ALARM_PROGRAM = link([
  (to) => assemble("jal", { rd: T0, imm: to("start") }),
  assemble("csrrs", { rd: S3, imm: Csr.MINSTRET }),
  "end",
  jump(0, "end"),
  "start",
  assemble("csrrw", { rs1: T0, imm: Csr.MTVEC }),
  ...constant(T0, PLIC_PRIORITY),
  assemble("addi", { rd: T1, imm: 1 }),
  assemble("sw", { rs1: T0, rs2: T1, imm: 0 }),
  ...constant(T0, PLIC_ENABLE),
  ...constant(T1, RTC_SOURCE_BIT),
  assemble("sw", { rs1: T0, rs2: T1, imm: 0 }),
  ...constant(T0, RTC),
  assemble("lwu", { rd: T1, rs1: T0, imm: Rtc.TIME_LOW }),
  assemble("lwu", { rd: T2, rs1: T0, imm: Rtc.TIME_HIGH }),
  assemble("slli", { rd: T2, rs1: T2, imm: 32 }),
  assemble("add", { rd: T1, rs1: T1, rs2: T2 }),
  ...constant(T2, ALARM_NANOSECONDS),
  assemble("add", { rd: T1, rs1: T1, rs2: T2 }),
  assemble("srli", { rd: T2, rs1: T1, imm: 32 }),
  assemble("sw", { rs1: T0, rs2: T2, imm: Rtc.ALARM_HIGH }),
  assemble("addi", { rd: T2, imm: 1 }),
  assemble("sw", { rs1: T0, rs2: T2, imm: Rtc.ENABLED }),
  assemble("sw", { rs1: T0, rs2: T1, imm: Rtc.ALARM_LOW }),
  ...constant(T1, EXTERNAL),
  assemble("csrrs", { rs1: T1, imm: Csr.MIE }),
  assemble("csrrsi", { rs1: 8, imm: Csr.MSTATUS }),
  "loop",
  assemble("addi", { rd: S4, rs1: S4, imm: 1 }),
  jump(0, "loop"),
]);

Deno.test("icount: the alarm of the real-time clock comes at the same count in all tiers, and back and forth", async () => {
  const after = 4 * ALARM_NANOSECONDS;
  const counts = new Set<bigint>();
  for (const accel of [{}, { experiment: { regions: false } }]) {
    await using machine = await programMachine(ALARM_PROGRAM, {
      accel: { icount: { shift: 0 }, ...accel },
      snapshots: { everyInstructions: 200_000 },
    });
    const [hart] = machine.harts;
    for (const place of [after, ALARM_NANOSECONDS / 2, after]) {
      await machine.seek(place);
      if (place === after) counts.add(hart.x[S3]);
      else assertEquals(hart.x[S3] < ALARM_NANOSECONDS, true);
    }
  }
  assertEquals(counts.size, 1, [...counts].join(" "));
  const [count] = [...counts].map(Number);
  const late = count - ALARM_NANOSECONDS;
  assert(late >= 0 && late < 100_000, `${late} instructions late`); // the clock has whole milliseconds, a turn 50,000
});

// --- a code cache ---------------------------------------------------------------------------------------

Deno.test("icount: a code cache changes nothing but who compiles", async () => {
  const codeCache = await Deno.makeTempDir();
  try {
    const runs: unknown[] = [];
    const cached: number[] = [];
    for (const folder of [null, codeCache, codeCache]) {
      const accel: AccelOptions = { icount: { shift: 0 }, codeCache: folder };
      const snapshots = { everyInstructions: 3_000_000 };
      await using machine = await guestMachine("smp_counter", { iterations: 1_000_000 }, {
        harts: 2,
        accel,
        snapshots,
      });
      const output = outputOf(machine);
      await machine.seek(20_000_000);
      const hashes = [await machine.stateHash()];
      await machine.seek(1_234_567);
      hashes.push(await machine.stateHash());
      await machine.resume();
      const { reason } = await machine.exited;
      const { harts, cachedRegions } = machine.stats();
      cached.push(cachedRegions);
      runs.push({
        reason,
        hashes,
        output: await output,
        counts: harts.map(({ instructions }) => instructions),
      });
    }
    assertEquals(runs[1], runs[0]);
    assertEquals(runs[2], runs[0]);
    assert(cached[0] === 0 && cached[2] > 0, `${cached}`);
  } finally {
    await Deno.remove(codeCache, { recursive: true });
  }
});
