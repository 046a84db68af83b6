// Virtio consoles of machines from creation to end: their streams, around guests that are a few instructions long.

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { AccessError, ConfigurationError, type Machine, type MachineSettings } from "../../mod.ts";
import { programMachine } from "./machine_fixture.ts";

/** `j .` */
const LOOP = [0x0000_006f];

/** Writes "hi" to the field of the console's configuration for emergencies, and switches the machine off. */
const SAY_HI_AND_LEAVE = [
  0x1000_82b7, // lui t0, 0x10008: the last slot
  0x0680_0513, // li a0, 'h'
  0x10a2_a423, // sw a0, 0x108(t0)
  0x0690_0513, // li a0, 'i'
  0x10a2_a423, // sw a0, 0x108(t0)
  0x0010_0337, // lui t1, 0x100: the finisher
  0x0000_5537, // lui a0, 5
  0x5555_0513, // addi a0, a0, 0x555
  0x00a3_2023, // sw a0, 0(t1)
  0x0000_006f, // j .
];

const CONSOLE: MachineSettings = { consoles: [{ ports: [{ kind: "console" }] }] };
const PORTS: MachineSettings = {
  consoles: [{ ports: [{ kind: "console" }, { name: "org.weft.first" }] }, {
    ports: [{ name: "org.weft.second", number: 3 }],
    bus: "pci",
  }],
};
const encoder = new TextEncoder();

async function textOf(machine: Machine, port = 0): Promise<string> {
  return await new Response(machine.ports[port].readable).text();
}

Deno.test("the last character before a power-off arrives, and the stream ends", async () => {
  await using machine = await programMachine(SAY_HI_AND_LEAVE, CONSOLE);
  const text = textOf(machine);
  await machine.start();
  assertEquals((await machine.exited).reason, "power-off");
  assertEquals(await text, "hi");
  assertEquals(machine.stats().consoles.length, 1);
});

Deno.test("ports are there in the order of their consoles, by name", async () => {
  await using machine = await programMachine(LOOP, PORTS);
  assertEquals(machine.ports.map(({ name }) => name), ["", "org.weft.first", "org.weft.second"]);
  assertEquals(machine.ports.map(({ isConnected }) => isConnected), [true, true, true]);
});

Deno.test("streams that are cancelled, aborted or closed never hurt a machine", async () => {
  await using machine = await programMachine(SAY_HI_AND_LEAVE, PORTS);
  const [first, second, third] = machine.ports;
  await first.readable.cancel(new Error("nobody reads"));
  await second.writable.abort(new Error("nobody writes"));
  await third.writable.close();
  third.isConnected = false;
  await machine.start();
  assertEquals((await machine.exited).reason, "power-off");
});

Deno.test("input that no guest takes is dropped at the end, over resets too, without an error", async () => {
  const machine = await programMachine(LOOP, CONSOLE);
  const [port] = machine.ports;
  const writer = port.writable.getWriter();
  const written = writer.write(encoder.encode("to nobody"));
  await machine.start();
  for (let resets = 0; resets < 2; resets++) await machine.reset();
  await machine.stop();
  await written;
  await assertRejects(() => writer.write(encoder.encode("late")), Error, "the machine has ended");
});

Deno.test("sizes that are none are refused, others are kept", async () => {
  await using machine = await programMachine(LOOP, CONSOLE);
  const [port] = machine.ports;
  port.resize(100, 30);
  assertEquals(port.size, { columns: 100, rows: 30 });
  for (const columns of [0, 65536, 1.5]) {
    assertThrows(() => port.resize(columns, 30), AccessError, "1 to 65535");
  }
});

Deno.test("consoles that cannot be are refused with what, cause and fix", async () => {
  const named = { name: "org.weft.same" };
  const cases: readonly (readonly [MachineSettings["consoles"], string])[] = [
    [[{ ports: [{ number: 0 }] }], "the first port of a device is a console"],
    [[{ ports: [{ number: 1 }, { number: 1 }] }], "another port has it"],
    [[{ ports: [{ number: -1 }] }], "numbered from 0"],
    [[{ ports: [{ number: 16 }] }], "1 to 16 ports"],
    [[{ ports: [{ number: 2 }], maxPorts: 2 }], "numbers 0 to 1"],
    [[{ ports: [], maxPorts: 17 }], "1 to 16 ports"],
    [[{ ports: [named] }, { ports: [named] }], "another port has this name"],
    [[{ ports: [{ name: "a/b" }] }], "no /"],
    [[{ ports: [{ name: "n".repeat(129) }] }], "at most 128 bytes"],
  ];
  for (const [consoles, cause] of cases) {
    await assertRejects(
      () => programMachine(LOOP, consoles === undefined ? {} : { consoles }),
      ConfigurationError,
      cause,
    );
  }
  await assertRejects(
    () => programMachine(LOOP, { ...CONSOLE, accel: { icount: { shift: 0 } } }),
    ConfigurationError,
    "a virtio console with -icount",
  );
});
