import { assertEquals, assertThrows } from "@std/assert";
import { ConfigurationError } from "./configuration_error.ts";
import { assignPlaces, type PlugOptions, slotNumber, type VirtioBus } from "./slot_assignment.ts";

function placesOf(...requests: PlugOptions[]): (readonly [VirtioBus, number])[] {
  const named = requests.map((request) => ({ ...request, name: "a device" }));
  return assignPlaces(named).map(({ bus, slot }) => [bus, slot] as const);
}

Deno.test("slots of MMIO are taken from the last one on, places of the PCI bus from the first", () => {
  assertEquals(placesOf({}, { bus: "pci" }, { bus: "mmio" }, { bus: "pci" }), [
    ["mmio", 7],
    ["pci", 1],
    ["mmio", 6],
    ["pci", 2],
  ]);
});

Deno.test("what asks for a place gets it, whoever comes first, and both buses have their own", () => {
  assertEquals(
    placesOf({ bus: "pci" }, { slot: 7 }, {}, { bus: "pci", slot: 1 }, { bus: "pci", slot: 7 }),
    [["pci", 2], ["mmio", 7], ["mmio", 6], ["pci", 1], ["pci", 7]],
  );
});

Deno.test("each place has a number of its own among a board's slots", () => {
  const mmio = Array.from({ length: 8 }, (_, slot) => slotNumber({ bus: "mmio", slot }));
  const pci = Array.from({ length: 31 }, (_, index) => slotNumber({ bus: "pci", slot: index + 1 }));
  assertEquals([...mmio, ...pci], Array.from({ length: 39 }, (_, index) => index));
});

Deno.test("places that are not there, or taken, are refused by name", () => {
  const wrong: [PlugOptions[], string][] = [
    [[{ slot: 8 }], "slots are 0 to 7"],
    [[{ bus: "pci", slot: 0 }], "places on the PCI bus are 1 to 31"],
    [[{ bus: "pci", slot: 32 }], "places on the PCI bus are 1 to 31"],
    [[{ bus: "pci", slot: 1.5 }], "places on the PCI bus are 1 to 31"],
    [[{ bus: "pci", slot: 3 }, { bus: "pci", slot: 3 }], "a slot has one device"],
    [Array(9).fill({}), "a machine has 8 slots"],
    [Array(32).fill({ bus: "pci" }), "a machine has 31 places on the PCI bus"],
    [[{ bus: "isa" as VirtioBus }], "there is no such bus"],
  ];
  for (const [requests, cause] of wrong) {
    assertThrows(() => placesOf(...requests), ConfigurationError, cause);
  }
});
