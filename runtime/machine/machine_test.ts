import { assert, assertEquals, assertRejects } from "@std/assert";
import { InternalError } from "./internal_error.ts";
import { createMachine, deviceTree, type Machine } from "./machine.ts";
import { WORKER_SOURCES, type WorkerSources } from "./machine_workers.ts";
import { ConfigurationError, describeMachine, type MachineOptions } from "./options.ts";
import { readDeviceTreeBlob } from "../device_tree/blob_reader.ts";

const SCRIPTED = new URL("./scripted_worker_fixture.ts", import.meta.url);
const NOWHERE = new URL("./no_such_worker.ts", import.meta.url);
const SOURCES = { ...WORKER_SOURCES, vcpu: SCRIPTED, compiler: SCRIPTED };
const MIB = 0x10_0000;
/** Requests after which the scripted compiler ends the machine. */
const EXPECTED_REQUESTS = 3;

/** A machine whose harts carry out a script. */
function scripted(
  script: string,
  options: MachineOptions = {},
  sources: WorkerSources = SOURCES,
): Promise<Machine> {
  const kernel = { name: "script", bytes: new TextEncoder().encode(script) };
  const machine = { bios: "none", memoryBytes: 4 * MIB, kernel, ...options } as const;
  return createMachine(describeMachine(machine), sources);
}

async function outputOf({ console }: Machine): Promise<string> {
  return await new Response(console.readable).text();
}

/** Gives text to the guest; it waits until the guest takes it. */
function type({ console }: Machine, text: string): void {
  const writer = console.writable.getWriter();
  void writer.write(new TextEncoder().encode(text));
  writer.releaseLock();
}

async function run(script: string, options?: MachineOptions, sources?: WorkerSources) {
  const machine = await scripted(script, options, sources);
  const output = outputOf(machine);
  await machine.start();
  return { status: await machine.exited, output: await output, machine };
}

Deno.test("a machine runs from its start to power-off and gives its last byte", async () => {
  const { status, output } = await run("print one\nprint two\npower-off");
  assertEquals(status, { reason: "power-off", code: 0 });
  assertEquals(output, "one\ntwo\n");
});

Deno.test("a machine tells how it ended", async () => {
  assertEquals((await run("exit 7")).status, { reason: "guest-exit", code: 7 });
  assertEquals((await run("panic")).status.reason, "panic");
  const { status } = await run("print before\nthrow broken");
  assertEquals(status.reason, "internal-error");
  assertEquals(status.message, "hart 0: Error: broken");
});

Deno.test("output that is larger than the ring arrives whole and in order", async () => {
  const machine = await scripted("flood 50000\npower-off");
  const output = new Response(machine.console.readable);
  await machine.start();
  const bytes = await output.bytes();
  assertEquals(bytes.length, 50_000);
  assert(bytes.every((byte, index) => byte === (index & 0xff)));
  await machine.exited;
});

Deno.test("output that nobody reads does not keep a machine from ending", async () => {
  const machine = await scripted("print unread\npower-off");
  await machine.start();
  assertEquals((await machine.exited).reason, "power-off");
  assertEquals(await outputOf(machine), "unread\n");
});

Deno.test("output that nobody wants any more is dropped", async () => {
  const machine = await scripted("flood 2000000\npower-off");
  await machine.console.readable.cancel();
  await machine.start();
  assertEquals((await machine.exited).reason, "power-off");
});

Deno.test("input larger than the ring reaches the guest whole and in order", async () => {
  const machine = await scripted("echo 5000\npower-off");
  const output = outputOf(machine);
  const text = Array.from({ length: 1000 }, (_, index) => `${index % 1000}`.padStart(5, ".")).join(
    "",
  );
  type(machine, text.slice(0, 10));
  await machine.start();
  type(machine, text.slice(10));
  await machine.exited;
  assertEquals(await output, text);
});

Deno.test("a reset starts the machine again on the same console", async () => {
  const machine = await scripted("print boot\nask");
  await machine.start();
  const reader = machine.console.readable.getReader();
  for (const answer of ["r", "r", "q"]) {
    assertEquals(await readLine(reader), "boot\n");
    type(machine, answer);
  }
  assertEquals((await machine.exited).reason, "power-off");
  assertEquals((await reader.read()).done, true);
});

/** Reads up to the end of a line; the guest must write no more until it is answered. */
async function readLine(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  let line = "";
  while (!line.endsWith("\n")) {
    line += new TextDecoder().decode((await reader.read()).value);
  }
  return line;
}

Deno.test("a reset ends the machine when it is not to start again", async () => {
  const machine = await scripted("ask", { noReboot: true });
  type(machine, "r");
  await machine.start();
  assertEquals(await machine.exited, { reason: "reset", code: 0 });
});

Deno.test("a machine can be stopped while it runs, and before it was started", async () => {
  const running = await scripted("print up\nwait", { harts: 3 });
  await running.start();
  const reader = running.console.readable.getReader();
  await reader.read();
  await running.stop();
  assertEquals(await running.exited, { reason: "stopped", code: 0 });
  const fresh = await scripted("print never");
  await fresh.stop();
  assertEquals((await fresh.exited).reason, "stopped");
  assertEquals(await outputOf(fresh), "");
});

Deno.test("a worker that cannot start is an error with its message, not a hang", async () => {
  await assertRejects(() => scripted("unready", { harts: 2 }), InternalError, "unready");
});

Deno.test("a compiler that cannot start ends the machine with its message", async () => {
  const sources = { ...SOURCES, compiler: NOWHERE };
  // The harts may be ready before the compiler's end is known.
  const message = await run("wait", {}, sources).then(
    ({ status }) => status.reason === "internal-error" ? status.message : undefined,
    (error: unknown) => error instanceof InternalError ? error.message : undefined,
  );
  assert(message?.startsWith("compiler: "));
});

Deno.test("requests from before the compiler was loaded reach it", async () => {
  const { status } = await run(`request ${EXPECTED_REQUESTS}\nwait`, { harts: 1 });
  assertEquals(status, { reason: "guest-exit", code: EXPECTED_REQUESTS });
});

Deno.test("the end of a machine does not wait for a compiler that is still loading", async () => {
  const compiler = new URL("./endless_loading_fixture.ts", import.meta.url);
  const { status } = await run("flood 200000\npower-off", {}, {
    ...SOURCES,
    compiler,
  });
  assertEquals(status, { reason: "power-off", code: 0 });
});

Deno.test("two machines in one process do not meet", async () => {
  const [first, second] = await Promise.all([
    scripted("echo 3\npower-off"),
    scripted("echo 3\nexit 9", { harts: 1, memoryBytes: 8 * MIB }),
  ]);
  const outputs = Promise.all([outputOf(first), outputOf(second)]);
  await Promise.all([first.start(), second.start()]);
  type(first, "abc");
  type(second, "xyz");
  const ends = await Promise.all([first.exited, second.exited]);
  assertEquals(ends.map(({ reason, code }) => [reason, code]), [["power-off", 0], [
    "guest-exit",
    9,
  ]]);
  assertEquals(await outputs, ["abc", "xyz"]);
});

Deno.test("statistics count instructions of each hart, also after the end", async () => {
  const { machine } = await run("print a\nprint b\npower-off", { harts: 1 });
  const statistics = machine.stats();
  assertEquals(statistics.harts.map(({ instructions }) => instructions), [3]);
  assertEquals(statistics.harts[0].activity, "stopped");
  assert(statistics.wallSeconds > 0);
  assertEquals((machine.stats()).wallSeconds, statistics.wallSeconds);
});

Deno.test("descriptions that cannot be built are refused with a cause", async () => {
  const options = [{ cpu: { warp: true } }, { cpu: { f: false } }] as const;
  for (const option of options) {
    await assertRejects(() => scripted("wait", option), ConfigurationError);
  }
  const empty = describeMachine({ bios: "none" });
  await assertRejects(() => createMachine(empty, SOURCES), ConfigurationError, "nothing to run");
});

Deno.test("the device tree says what the machine has", async () => {
  const tree = readDeviceTreeBlob(
    await deviceTree(describeMachine({ harts: 3, cpu: { sv57: true, zbb: false } })),
  );
  const cpu = tree.child("cpus")?.child("cpu@2");
  assertEquals(cpu?.strings("mmu-type"), ["riscv,sv57"]);
  const extensions = cpu?.strings("riscv,isa-extensions") ?? [];
  assertEquals(extensions.includes("zba"), true);
  assertEquals(extensions.includes("zbb"), false);
});
