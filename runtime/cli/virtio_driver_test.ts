import { assertEquals, assertThrows } from "@std/assert";
import { ConfigurationError } from "../machine/configuration_error.ts";
import { describeDevices } from "../machine/device_options.ts";
import type { Place } from "../machine/slot_assignment.ts";
import { devicesOf } from "./device_flags.ts";
import { parseCommandLine } from "./flags.ts";

/** Where all devices of a command line are, disks first. */
function placesOf(...words: string[]): string[] {
  const { drives = [], networks = [], entropy = [] } = devicesOf(parseCommandLine(words));
  return [...drives, ...networks, ...entropy].map((device) => {
    const { bus, slot } = device as Place;
    return `${bus} ${slot}`;
  });
}

Deno.test("QEMU's names of drivers say the bus", () => {
  for (
    const [driver, place] of [
      ["virtio-rng-device", "mmio 7"],
      ["virtio-rng-pci", "pci 1"],
      ["virtio-rng", "pci 1"],
      ["virtio-rng-pci-non-transitional", "pci 1"],
    ]
  ) {
    assertEquals(placesOf("-device", driver), [place]);
  }
});

Deno.test("device numbers are hexadecimal", () => {
  for (const [addr, place] of [["1f", 31], ["0x10", 16], ["10", 16], ["9.0", 9], ["0A", 10]]) {
    assertEquals(placesOf("-device", `virtio-rng-pci,bus=pcie.0,addr=${addr}`), [`pci ${place}`]);
  }
});

Deno.test("words that say what is the case here anyway are accepted", () => {
  const words = "virtio-rng-pci,disable-legacy=on,disable-modern=off,vectors=0";
  assertEquals(placesOf("-device", words, "-global", "virtio-pci.disable-legacy=on"), ["pci 1"]);
  assertEquals(placesOf("-device", "virtio-rng-pci,disable-legacy=auto"), ["pci 1"]);
});

Deno.test("a disk without a device of its own is on the PCI bus, behind those of -device", () => {
  assertEquals(
    placesOf("-drive", "file=a", "-drive", "file=b,if=none,id=b", "-device", "virtio-blk,drive=b"),
    ["pci 1", "pci 2"],
  );
});

Deno.test("a card of -nic is where its model says", () => {
  assertEquals(placesOf("-nic", "user"), ["mmio 7"]);
  assertEquals(placesOf("-nic", "user,model=virtio-net-device"), ["mmio 7"]);
  for (const model of ["virtio", "virtio-net-pci", "virtio-net"]) {
    assertEquals(placesOf("-nic", `user,model=${model}`), ["pci 1"]);
  }
});

Deno.test("packed=on makes any device offer packed rings, and others do not", () => {
  const { drives, networks, entropy, shares, packedSlots } = describeDevices(
    devicesOf(parseCommandLine([
      ...["-drive", "file=a,if=none,id=a", "-device", "virtio-blk-device,drive=a,packed=on"],
      ...["-netdev", "user,id=n", "-device", "virtio-net-pci,netdev=n,packed=true"],
      ...["-device", "virtio-rng-pci,packed=on", "-device", "virtio-rng-device,packed=off"],
      ...["-fsdev", "local,id=f,path=/tmp,security_model=none"],
      ...["-device", "virtio-9p-pci,fsdev=f,mount_tag=t,packed=on", "-drive", "file=b"],
    ])),
    1,
  );
  const packed = (devices: readonly { readonly slot: number }[]): boolean[] =>
    devices.map(({ slot }) => packedSlots.has(slot));
  assertEquals([drives, networks, entropy, shares].map(packed), [
    [true, false],
    [true],
    [true, false],
    [true],
  ]);
});

Deno.test("vectors= says how many interrupts by message a device has, where the board has them", () => {
  const line = ["-device", "virtio-rng-pci,vectors=7", "-device", "virtio-rng-pci"];
  const devices = devicesOf(parseCommandLine(line));
  const [first, second] = describeDevices(devices, 1, true).entropy;
  const { vectors } = describeDevices(devices, 1, true);
  assertEquals([vectors?.get(first.slot), vectors?.get(second.slot)], [7, undefined]);
  assertThrows(() => describeDevices(devices, 1), ConfigurationError, "aia=aplic-imsic");
  const none = devicesOf(parseCommandLine(["-device", "virtio-rng-pci,vectors=0"]));
  assertEquals(describeDevices(none, 1).vectors, null);
  const wrong = [{ bus: "pci", vectors: 49 }, { bus: "pci", vectors: 1.5 }, {
    vectors: 1,
  }] as const;
  for (const entropy of wrong) {
    assertThrows(() => describeDevices({ entropy: [entropy] }, 1, true), ConfigurationError);
  }
});
