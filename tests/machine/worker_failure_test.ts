// Threads of harts that fail: the machine ends, and says which hart, where its guest was, and in which tier.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { assemble } from "../../frontend/riscv/encoder.ts";
import { exitCodeOf } from "../../runtime/cli/exit_code.ts";
import { createMachine } from "../../runtime/machine/machine.ts";
import { WORKER_SOURCES } from "../../runtime/machine/machine_workers.ts";
import { describeMachine, type MachineOptions } from "../../runtime/machine/options.ts";

const [A0, A1, A5] = [10, 11, 15];
const TIME = 0xc01;
const MIB = 0x10_0000;
const INTERNAL = 4;

/** Counts for ever. */
const LOOP = [assemble("addi", { rd: A1, rs1: A1, imm: 1 }), assemble("jal", { imm: -4 })];
/** Hart 1 reads the time, all others count. */
const READ_TIME = [
  assemble("addi", { rd: A5, imm: 1 }),
  assemble("bne", { rs1: A0, rs2: A5, imm: 8 }),
  assemble("csrrs", { rd: A1, imm: TIME }),
  ...LOOP,
];

async function failureOf(
  worker: string,
  program: readonly number[],
  options: MachineOptions,
): Promise<string> {
  const bytes = new Uint8Array(Uint32Array.from(program).buffer);
  const machine = await createMachine(
    describeMachine({
      bios: "none",
      memoryBytes: 4 * MIB,
      kernel: { name: "program", bytes },
      ...options,
    }),
    { ...WORKER_SOURCES, vcpu: new URL(worker, import.meta.url) },
  );
  await machine.start();
  const status = await machine.exited;
  assertEquals(status.reason, "internal-error");
  assertEquals(exitCodeOf(status), INTERNAL);
  return status.message ?? "";
}

Deno.test("a region that traps is named, with the place where it was entered", async () => {
  const message = await failureOf("./broken_code_worker_fixture.ts", LOOP, { harts: 1 });
  assertMatch(
    message,
    /^hart 0: after pc 0x8000000[04], in compiled code that was entered by region \w+: RuntimeError: unreachable\n/,
  );
});

const THREADS = [
  [
    { thread: "multi" },
    /^hart 1: after pc 0x80000000, in the interpreter: Error: the clock is broken\n/,
  ],
  [
    { thread: "single" },
    /^harts: hart 1 after pc 0x80000000, in the interpreter: Error: the clock is broken\n/,
  ],
  [
    { threads: 1 },
    /^hart 0\+1: hart 1 after pc 0x80000000, in the interpreter: Error: the clock is broken\n/,
  ],
] as const;

for (const [accel, expected] of THREADS) {
  Deno.test(`${JSON.stringify(accel)}: an error beneath the interpreter is told with hart and place`, async () => {
    const message = await failureOf("./broken_clock_worker_fixture.ts", READ_TIME, {
      harts: 2,
      accel,
    });
    assertMatch(message, expected);
    assert(message.includes("timeTicks"), message);
  });
}
