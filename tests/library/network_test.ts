// Networks of machines from creation to end, around guests that do not use them.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { ConfigurationError, type MachineSettings, type NetBackend } from "../../mod.ts";
import { freePort } from "../system/network_guest.ts";
import { programMachine } from "./machine_fixture.ts";

/** `j .` */
const LOOP = [0x0000_006f];

function forwarding(hostPort: number): MachineSettings {
  const hostForwards = [{ hostAddress: "127.0.0.1", hostPort, guestPort: 22 }];
  return { networks: [{ network: { restrict: true, hostForwards } }] };
}

async function isOpen(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    throw error;
  }
}

Deno.test("a forwarded port is open as long as the machine lives, over resets, and free then", async () => {
  const port = freePort();
  const machine = await programMachine(LOOP, forwarding(port));
  await machine.start();
  assert(await isOpen(port));
  for (let resets = 0; resets < 3; resets++) {
    await machine.reset();
    await machine.pause(); // the worker is there when the pause is acknowledged
    assert(await isOpen(port));
    await machine.resume();
  }
  await machine.stop();
  assert(!await isOpen(port));
});

Deno.test("a port of the host's that another program has is refused by name", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  try {
    await assertRejects(
      () => programMachine(LOOP, forwarding(listener.addr.port)),
      ConfigurationError,
      "another program listens there",
    );
  } finally {
    listener.close();
  }
});

Deno.test("a network of the caller's hears of each power-on, and frames for nobody are lost", async () => {
  const deliveries: ((frame: Uint8Array) => boolean)[] = [];
  const network: NetBackend = {
    connect: (deliver) => void deliveries.push(deliver),
    send: () => {},
  };
  await using machine = await programMachine(LOOP, { networks: [{ network }] });
  await machine.start();
  await machine.reset();
  assertEquals(deliveries.length, 2);
  const [, deliver] = deliveries;
  assertEquals(deliver(new Uint8Array(2000)), false);
  assertEquals(deliver(new Uint8Array(60)), true);
  while (machine.stats().networks[0].dropped === 0) await Deno.stat(".");
  assertEquals(machine.stats().networks[0].framesReceived, 0);
});

Deno.test("networks that cannot be are refused with what, cause and fix", async () => {
  const cases: readonly (readonly [MachineSettings["networks"], string])[] = [
    [[{ mac: "01:00:00:00:00:00" }], "address of one network card"],
    [[{ network: { net: "10.0.2.0/28" } }], "8 to 27 bits"],
    [[{ network: { net: "fec0::/64" } }], "an address of version 4"],
    [[{ network: { ipv6Net: "10.0.2.0/24" } }], "an address of version 6"],
    [[{ network: { ipv6Net: "fec0::/127" } }], "8 to 126 bits"],
    [[{ network: { ipv6Net: "ff02::/64" } }], "not those of a network"],
    [[{ network: { ipv6Host: "fec1::2" } }], "one station in fec0::/64"],
    [[{ network: { ipv6Dns: "fec0::2" } }], "ipv6-host has this address"],
    [[{ network: { ipv4: false, ipv6: false } }], "at least one of them"],
    [[{ network: { ipv6: true, host: "10.0.2.9" } }], "the network has no version 4"],
    [[{ network: { ipv6: false, ipv6Dns: "fec0::9" } }], "the network has no version 6"],
    [[{ network: { hostForwards: [inward("fec0::2")] } }], "not the address of a guest"],
    [[{ network: { nameServer: "::1:x" } }], "not an address, or one with a port"],
    [[{ network: { guestForwards: [forward("10.9.9.9")] } }], "not an address of the network"],
    [[{ network: { hostForwards: [{ hostPort: 0, guestPort: 1 }] } }], "0 is not a port"],
    [[{ capture: "" }], "its path is empty"],
    [[{ capture: "x", captureBytes: 0 }], "1 to 65536 bytes"],
    [[{ slot: 8 }], "slots are 0 to 7"],
    [Array.from({ length: 9 }, () => ({})), "8 slots"],
  ];
  for (const [networks, cause] of cases) {
    const create = () => programMachine(LOOP, { networks: networks ?? [] });
    await assertRejects(create, ConfigurationError, cause);
  }
});

function inward(guestAddress: string) {
  return { hostAddress: "::1", hostPort: 1, guestAddress, guestPort: 22 };
}

function forward(guestAddress: string) {
  return { guestAddress, guestPort: 80, hostAddress: "127.0.0.1", hostPort: 80 };
}
