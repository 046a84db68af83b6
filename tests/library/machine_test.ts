// The library as an embedder calls it: life of a machine, pauses, registers, memory, errors.

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertNotEquals,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { assemble } from "../../frontend/riscv/encoder.ts";
import {
  AccessError,
  ConfigurationError,
  LoadError,
  Machine,
  MachineStateError,
} from "../../mod.ts";
import { guestElfUrl, readGuestElf } from "../guests/guest_elf.ts";
import {
  guestMachine,
  outputOf,
  pausedWhen,
  programMachine,
  progress,
  turn,
} from "./machine_fixture.ts";

const RAM = 0x8000_0000n;
const A0 = 10;
const A1 = 11;
const A2 = 12;
const T0 = 5;
const PROGRESS = 2_000_000;
const TICKS_PER_SECOND = 10_000_000;
/** Iterations with which a guest runs until it is stopped. */
const ENDLESS = 2 ** 40;

const WFI_FOREVER = [assemble("wfi"), assemble("jal", { imm: -4 })];
/** a0 counts for ever. */
const COUNT_FOREVER = [assemble("addi", { rd: A0, rs1: A0, imm: 1 }), assemble("jal", { imm: -4 })];

// --- life -------------------------------------------------------------------------------------------

Deno.test("a guest runs from create to exit, from a path, an address of a file and bytes", async () => {
  const url = guestElfUrl("hello");
  for (const kernel of [url, url.pathname, await Deno.readFile(url)]) {
    await using machine = await Machine.create({
      firmware: "none",
      memory: "8M",
      harts: 2,
      kernel,
    });
    assertEquals(machine.state, "created");
    const output = outputOf(machine);
    await machine.start();
    assertEquals(await machine.exited, { reason: "power-off", code: 0 });
    assertEquals(machine.state, "ended");
    assertEquals(await output, "hello harts 2\n");
  }
});

Deno.test("the guest's exit code arrives, on the other board", async () => {
  await using machine = await Machine.create({
    board: "spike",
    firmware: "none",
    memory: 8 * 2 ** 20,
    kernel: guestElfUrl("hello", "spike"),
  });
  await machine.start();
  assertEquals(await machine.exited, { reason: "guest-exit", code: 0 });
});

Deno.test("stop ends a machine in every state, and calls afterwards say that it has ended", async () => {
  for (const state of ["created", "running", "paused"]) {
    const machine = await programMachine(COUNT_FOREVER, { harts: 2 });
    if (state !== "created") await machine.start();
    if (state === "paused") await machine.pause();
    assertEquals(machine.state, state);
    assertEquals(await machine.stop(), { reason: "stopped", code: 0 });
    assertEquals(await machine.stop(), await machine.exited);
    assertEquals(machine.state, "ended");
    await machine.start();
    await assertRejects(() => machine.pause(), MachineStateError, "has ended");
    await assertRejects(() => machine.resume(), MachineStateError, "has ended");
    await assertRejects(() => machine.reset(), MachineStateError, "has ended");
    assertEquals(machine.stats().harts.map(({ activity }) => activity), ["stopped", "stopped"]);
  }
});

Deno.test("a signal ends creation, a machine before its start, and one that runs", async () => {
  const aborted = AbortSignal.abort(new Error("too late"));
  await assertRejects(() => programMachine(COUNT_FOREVER, { signal: aborted }), Error, "too late");
  const during = new AbortController();
  const creation = programMachine(COUNT_FOREVER, { harts: 4, signal: during.signal });
  await turn();
  during.abort(new Error("changed my mind"));
  await assertRejects(() => creation, Error, "changed my mind");
  for (const isStarted of [false, true]) {
    const controller = new AbortController();
    const machine = await programMachine(COUNT_FOREVER, { signal: controller.signal });
    if (isStarted) await machine.start();
    controller.abort();
    assertEquals(await machine.exited, { reason: "aborted", code: 0 });
  }
});

Deno.test("a signal that is aborted after the end changes nothing", async () => {
  const controller = new AbortController();
  const machine = await guestMachine("hello", {}, { signal: controller.signal });
  await machine.start();
  await machine.exited;
  controller.abort();
  assertEquals((await machine.exited).reason, "power-off");
});

Deno.test("leaving the scope ends a machine in the middle of its boot", async () => {
  let exited;
  {
    await using machine = await guestMachine("smp_amo", { iterations: ENDLESS }, { harts: 3 });
    exited = machine.exited;
    void machine.start();
  }
  assertEquals(await exited, { reason: "stopped", code: 0 });
});

// --- pause ------------------------------------------------------------------------------------------

Deno.test("harts in compiled loops stand still in a pause and go on after it", async () => {
  await using machine = await guestMachine("smp_amo", { iterations: ENDLESS }, { harts: 4 });
  await machine.start();
  while (machine.stats().harts.some(({ hotInstructions }) => hotInstructions < PROGRESS)) {
    await turn();
  }
  for (let round = 0; round < 20; round++) {
    await machine.pause();
    assertEquals(machine.state, "paused");
    const before = machine.stats().harts;
    const registers = machine.harts.map((hart) => hart.registers());
    for (let turns = 0; turns < 20; turns++) await turn();
    assertEquals(machine.stats().harts, before);
    assertEquals(machine.harts.map((hart) => hart.registers()), registers);
    assert(before.every(({ activity }) => activity === "paused"));
    await machine.resume();
    await progress(machine, PROGRESS);
  }
});

Deno.test("a pause while the compiler works", async () => {
  await using machine = await guestMachine("isa_d", { iterations: ENDLESS });
  await machine.start();
  for (let round = 0; round < 50; round++) {
    await machine.pause();
    await machine.resume();
    await turn();
  }
  while (machine.stats().regions === 0) await turn();
  await machine.pause();
  await machine.resume();
  await progress(machine, PROGRESS);
});

Deno.test("a guest checks itself through a hundred pauses", async () => {
  for (const guest of ["smp_counter", "ticket_lock", "interrupts", "code_patch"]) {
    await using machine = await guestMachine(guest, {}, { harts: 2 });
    const output = outputOf(machine);
    await machine.start();
    try {
      for (let round = 0; round < 100; round++) {
        await machine.pause();
        await machine.resume();
        await turn();
      }
    } catch (error) {
      assertInstanceOf(error, MachineStateError); // the guest was done before
    }
    assertEquals(await machine.exited, { reason: "power-off", code: 0 }, await output);
  }
});

Deno.test("harts that sleep in WFI or were never started are paused too", async () => {
  await using machine = await Machine.create({
    harts: 3,
    memory: "16M",
    kernel: new Uint8Array(Uint32Array.from(WFI_FOREVER).buffer), // SBI starts one hart alone
  });
  await machine.start();
  await pausedWhen(machine, () => machine.stats().harts[0].instructions > 0);
  const { pc } = machine.harts[0];
  assert(pc >= 0x8020_0000n && pc <= 0x8020_0004n);
  await machine.resume();
  await machine.pause();
  assertEquals(machine.harts[0].pc, pc);
});

Deno.test("pausing twice and resuming twice is as good as once; calls go in order", async () => {
  await using machine = await programMachine(COUNT_FOREVER);
  await assertRejects(() => machine.resume(), MachineStateError, "is created");
  await machine.pause();
  assertEquals(machine.state, "created");
  await machine.start();
  await machine.start();
  await Promise.all([machine.pause(), machine.pause()]);
  assertEquals(machine.state, "paused");
  await assertRejects(() => machine.start(), MachineStateError, "is paused");
  await Promise.all([machine.resume(), machine.resume(), machine.pause(), machine.resume()]);
  assertEquals(machine.state, "running");
});

Deno.test("a guest that ends while it is to be paused", async () => {
  for (let round = 0; round < 10; round++) {
    await using machine = await guestMachine("hello", {});
    await machine.start();
    await machine.pause().then(() => machine.resume()).catch((error) => {
      assertInstanceOf(error, MachineStateError);
    });
    assertEquals((await machine.exited).reason, "power-off");
  }
});

Deno.test("guest time stands still before the start and in a pause, timers are not lost", async () => {
  // rdtime a0; jal to it
  const program = [assemble("csrrs", { rd: A0, imm: 0xc01 }), assemble("jal", { imm: -4 })];
  await using machine = await programMachine(program);
  const [hart] = machine.harts;
  await machine.start();
  while (machine.stats().harts[0].instructions < PROGRESS) await turn();
  await machine.pause();
  const time = hart.x[A0];
  assert(time > 0n && Number(time) < 60 * TICKS_PER_SECOND);
  const stopped = await hart.csr.read("time");
  assert(stopped >= time);
  const hostTime = performance.now();
  while (performance.now() - hostTime < 300) await turn();
  assertEquals(await hart.csr.read("time"), stopped);
  await machine.resume();
  await machine.pause();
  const later = await hart.csr.read("time");
  assert(later >= stopped);
  assert(later - stopped < BigInt(TICKS_PER_SECOND / 5), `${later - stopped} ticks in a short run`);
});

Deno.test("a machine whose output nobody reads can be paused while it waits for room", async () => {
  const store = assemble("sb", { rs1: T0, rs2: A0, imm: 0 });
  const program = [
    assemble("lui", { rd: T0, imm: 0x1000_0000 }),
    store,
    assemble("jal", { imm: -4 }),
  ];
  await using machine = await programMachine(program);
  await machine.start();
  for (let last = -1, now = 0; now === 0 || now !== last;) {
    last = now;
    for (let turns = 0; turns < 200; turns++) await turn();
    now = machine.stats().harts[0].instructions;
  }
  await machine.pause();
  assertEquals(machine.harts[0].x[T0], 0x1000_0000n);
});

// --- registers and memory ---------------------------------------------------------------------------

Deno.test("registers are those of the boot protocol, and what is written there is used", async () => {
  // a2 = a0 + a1, then it sleeps
  const program = [assemble("add", { rd: A2, rs1: A0, rs2: A1 }), ...WFI_FOREVER];
  await using machine = await programMachine(program, { harts: 2 });
  const [first, second] = machine.harts;
  assertEquals([first.x[A0], second.x[A0]], [0n, 1n]);
  assertEquals(first.pc, RAM);
  for (const hart of machine.harts) {
    hart.pc = RAM;
    hart.x[A0] = 40n;
    hart.x[A1] = 2n ** 64n - 1n;
    hart.x[0] = 7n;
    hart.f[1] = 0x3ff0_0000_0000_0000n;
  }
  await machine.start();
  await pausedWhen(machine, () => machine.harts.every(({ x }) => x[A2] < 100n));
  for (const hart of machine.harts) {
    assertEquals(hart.x[A2], 39n);
    assertEquals(hart.x[0], 0n);
    assertEquals(hart.registers().get("a2"), 39n);
    assertEquals(hart.registers().get("ft1"), 0x3ff0_0000_0000_0000n);
  }
});

Deno.test("control registers are read and written with the guest's rules", async () => {
  await using machine = await programMachine(COUNT_FOREVER, { harts: 2 });
  const [, hart] = machine.harts;
  assertEquals(await hart.csr.read("mhartid"), 1n);
  await hart.csr.write("mscratch", 0xdead_beef_0000_0001n);
  assertEquals(await hart.csr.read("mscratch"), 0xdead_beef_0000_0001n);
  await hart.csr.write("mepc", 0x8000_0003n);
  assertEquals(await hart.csr.read("mepc"), 0x8000_0002n); // no address of an instruction is odd
  await assertRejects(() => hart.csr.write("mhartid", 5n), AccessError, "refuses to write");
  await assertRejects(() => hart.csr.read("nosuch"), AccessError, "none of this name");
  const answers = await Promise.all(
    machine.harts.flatMap(({ csr }) => [csr.read("mhartid"), csr.read("mscratch")]),
  );
  assertEquals(answers, [0n, 0n, 1n, 0xdead_beef_0000_0001n]);
  await machine.start();
  await assertRejects(() => hart.csr.read("mscratch"), MachineStateError, "is running");
});

Deno.test("code that is written in a pause runs at once, in compiled loops too", async () => {
  await using machine = await programMachine(COUNT_FOREVER);
  const [hart] = machine.harts;
  await machine.start();
  for (let step = 2; step < 12; step++) {
    while (machine.stats().harts[0].hotInstructions === 0) await turn();
    await progress(machine, PROGRESS);
    await machine.pause();
    const add = assemble("addi", { rd: A0, rs1: A0, imm: step });
    machine.memory.write(RAM, new Uint8Array(Uint32Array.of(add).buffer));
    hart.x[A0] = 0n;
    hart.pc = RAM;
    await machine.resume();
    await progress(machine, PROGRESS);
    await machine.pause();
    assertNotEquals(hart.x[A0], 0n);
    assertEquals(hart.x[A0] % BigInt(step), 0n, `sums of ${step}`);
    await machine.resume();
  }
});

Deno.test("memory is RAM alone, whole, and only while no hart runs", async () => {
  await using machine = await programMachine(COUNT_FOREVER);
  const { memory } = machine;
  assertEquals([memory.base, memory.size], [0x8000_0000, 4 * 2 ** 20]);
  assertEquals(memory.read(RAM, 4), new Uint8Array(Uint32Array.of(COUNT_FOREVER[0]).buffer));
  const bytes = crypto.getRandomValues(new Uint8Array(10_000));
  memory.write(0x8010_0ffd, bytes);
  assertEquals(memory.read(0x8010_0ffdn, bytes.length), bytes);
  const end = memory.base + memory.size;
  memory.write(end - 1, Uint8Array.of(9));
  assertEquals(memory.read(end, 0).length, 0);
  for (
    const [at, length] of [[end, 1], [end - 1, 2], [0x8000_0000 - 1, 1], [0x8000_0000, -1], [
      0x8000_0000,
      0.5,
    ], [0, 1]]
  ) {
    assertThrows(() => memory.read(at, length), AccessError, "RAM is");
  }
  await machine.start();
  assertThrows(() => memory.read(RAM, 4), MachineStateError, "is running");
  assertThrows(() => memory.write(RAM, bytes), MachineStateError, "call pause");
  assertThrows(() => machine.harts[0].pc, MachineStateError, "is running");
  assertThrows(() => machine.harts[0].registers(), MachineStateError);
  await progress(machine, PROGRESS);
  await machine.stop();
  assertEquals(memory.read(0x8010_0ffd, bytes.length), bytes);
  assert(machine.harts[0].x[A0] > 0n);
});

// --- reset ------------------------------------------------------------------------------------------

Deno.test("reset starts anew with the memory of the creation, in the state that it was in", async () => {
  await using machine = await programMachine(COUNT_FOREVER, { noReboot: true });
  await machine.start();
  await progress(machine, PROGRESS);
  await machine.pause();
  machine.memory.write(RAM, new Uint8Array(4));
  await machine.reset();
  assertEquals(machine.state, "paused");
  assertEquals(
    machine.memory.read(RAM, 4),
    new Uint8Array(Uint32Array.of(COUNT_FOREVER[0]).buffer),
  );
  assertEquals([machine.harts[0].pc, machine.harts[0].x[A0]], [RAM, 0n]);
  await machine.resume();
  await progress(machine, PROGRESS);
  await machine.reset();
  assertEquals(machine.state, "running");
  await progress(machine, PROGRESS);
  const over = machine.reset();
  void machine.stop();
  await over.catch((error) => assertInstanceOf(error, MachineStateError));
  assertEquals((await machine.exited).reason, "stopped");
});

// --- console ----------------------------------------------------------------------------------------

Deno.test("the console's streams carry bytes both ways, and close at the end", async () => {
  // Echoes: waits for a byte of the serial port, writes it back, and powers off after a `q`.
  const LSR_READY = 1;
  const program = [
    assemble("lui", { rd: T0, imm: 0x1000_0000 }),
    assemble("lbu", { rd: A0, rs1: T0, imm: 5 }),
    assemble("andi", { rd: A0, rs1: A0, imm: LSR_READY }),
    assemble("beq", { rs1: A0, rs2: 0, imm: -8 }),
    assemble("lbu", { rd: A0, rs1: T0, imm: 0 }),
    assemble("sb", { rs1: T0, rs2: A0, imm: 0 }),
    assemble("addi", { rd: A1, imm: "q".charCodeAt(0) }),
    assemble("bne", { rs1: A0, rs2: A1, imm: -24 }),
    assemble("lui", { rd: T0, imm: 0x10_0000 }),
    assemble("lui", { rd: A0, imm: 0x5000 }),
    assemble("addi", { rd: A0, rs1: A0, imm: 0x555 }),
    assemble("sw", { rs1: T0, rs2: A0, imm: 0 }),
  ];
  await using machine = await programMachine(program);
  const output = outputOf(machine);
  await machine.start();
  const text = "x".repeat(20_000);
  const writer = machine.console.writable.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.write(new TextEncoder().encode("q"));
  void writer.write(new TextEncoder().encode("nobody takes this")).catch(() => {});
  assertEquals(await machine.exited, { reason: "power-off", code: 0 });
  assertEquals(await output, `${text}q`);
  await assertRejects(() => writer.write(Uint8Array.of(1)), MachineStateError, "has ended");
});

Deno.test("the size of the console is kept", async () => {
  await using machine = await programMachine(COUNT_FOREVER);
  assertEquals(machine.console.size, undefined);
  machine.console.resize(132, 43);
  assertEquals(machine.console.size, { columns: 132, rows: 43 });
  assertThrows(() => machine.console.resize(0, 43), AccessError, "whole numbers");
});

// --- several machines -------------------------------------------------------------------------------

Deno.test("machines in one process do not meet: one paused, one aborted, one at work", async () => {
  const controller = new AbortController();
  await using paused = await programMachine(COUNT_FOREVER);
  await using aborted = await programMachine(COUNT_FOREVER, { signal: controller.signal });
  await using working = await guestMachine("smp_amo", {}, { harts: 2 });
  const output = outputOf(working);
  await Promise.all([paused.start(), aborted.start()]);
  await progress(aborted, PROGRESS);
  await paused.pause();
  const [before] = paused.stats().harts;
  await working.start();
  controller.abort();
  assertEquals((await aborted.exited).reason, "aborted");
  assertEquals((await working.exited).reason, "power-off");
  assert((await output).startsWith("smp_amo"));
  assertEquals(paused.stats().harts[0], before);
  await paused.resume();
  await progress(paused, PROGRESS);
});

Deno.test("statistics are there while a machine runs and after its end", async () => {
  await using machine = await guestMachine("smp_amo", { iterations: ENDLESS }, { harts: 2 });
  assertEquals(machine.stats().wallSeconds, 0);
  await machine.start();
  await progress(machine, PROGRESS);
  const live = machine.stats();
  assert(live.wallSeconds > 0);
  assert(live.harts.every(({ instructions, pc }) => instructions > 0 && pc > 0n));
  await machine.stop();
  const last = machine.stats();
  assert(
    last.harts.every(({ instructions }, hart) => instructions >= live.harts[hart].instructions),
  );
  assertEquals(machine.stats(), last);
});

// --- what cannot be built ---------------------------------------------------------------------------

Deno.test("everything that cannot be built is refused with what, cause and fix", async () => {
  const kernel = await readGuestElf("hello");
  const empty = new Uint8Array(0);
  const refusals = [
    [{}, ConfigurationError],
    [{ kernel, memory: "many" }, ConfigurationError],
    [{ kernel, memory: "1T" }, ConfigurationError],
    [{ kernel, memory: 12345678 }, ConfigurationError],
    [{ kernel, harts: 0 }, ConfigurationError],
    [{ kernel, cpu: { warp: true } }, ConfigurationError],
    [{ kernel: "/nowhere/Image" }, ConfigurationError],
    [{ kernel: new URL("file:///nowhere/Image") }, ConfigurationError],
    [{ kernel: kernel.slice(0, 100) }, LoadError],
    [{ kernel, initrd: "/nowhere/initrd" }, ConfigurationError],
    [{ initrd: empty }, ConfigurationError],
    [{ kernel, firmware: "none", deviceTree: empty }, LoadError],
  ] as const;
  for (const [settings, kind] of refusals) {
    const error = await assertRejects(() => Machine.create(settings), kind);
    assert(error.what !== "" && error.cause !== "" && error.fix !== "", error.message);
  }
});

Deno.test("the device tree is told without a program", async () => {
  const blob = await Machine.deviceTree({ harts: 3, memory: "1G" });
  assertEquals([...blob.subarray(0, 4)], [0xd0, 0x0d, 0xfe, 0xed]);
});
