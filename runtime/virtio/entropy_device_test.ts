import { assert, assertEquals } from "@std/assert";
import { ENTROPY_BYTES, ENTROPY_FEATURES, EntropyDevice } from "./entropy_device.ts";
import { QueueServer } from "./queue_server.ts";
import { DescriptorFlag, DeviceId, DeviceStatus, MmioRegister } from "./registers.ts";
import { Place, SlotDriver } from "./slot_driver_fixture.ts";

/** A driver of a source of entropy. */
class EntropyDriver extends SlotDriver {
  readonly server: QueueServer;

  constructor(fill?: (bytes: Uint8Array<ArrayBuffer>) => void) {
    const config = new Uint8Array(0);
    super({ device: { id: DeviceId.ENTROPY, features: ENTROPY_FEATURES, queues: 1, config } });
    const { slot, ram, stores } = this;
    const handler = new EntropyDevice({
      struct: slot.struct,
      stores,
      ...(fill === undefined ? {} : { fill }),
    });
    this.server = new QueueServer({ slot, queue: 0, ram, stores, handler });
    this.start(0);
  }

  ask(...lengths: number[]): void {
    let address: number = Place.DATA;
    const chain = lengths.map((length) => {
      const descriptor = { address, length, flags: DescriptorFlag.WRITE };
      address += length + 64;
      return descriptor;
    });
    this.chain(0, chain);
    this.offer(0);
    this.write(MmioRegister.QUEUE_NOTIFY, 0);
    this.server.serve(() => false);
  }
}

Deno.test("a request is filled with random bytes, and nothing beside it", () => {
  const driver = new EntropyDriver((bytes) => bytes.forEach((_, at) => bytes[at] = 1 + at % 255));
  driver.ask(100, 28);
  assertEquals(driver.usedElement(0), { head: 0, written: 128 });
  assertEquals(driver.interrupts, 1);
  assertEquals([...driver.bytes(Place.DATA, 100)], Array.from({ length: 100 }, (_, at) => 1 + at));
  assertEquals([...driver.bytes(Place.DATA + 100, 64)], new Array(64).fill(0));
  assertEquals(driver.bytes(Place.DATA + 164, 28)[0], 101);
  assertEquals(driver.bytes(Place.DATA + 192, 1)[0], 0);
});

Deno.test("a long request gets what fits into one piece", () => {
  const driver = new EntropyDriver();
  driver.ask(ENTROPY_BYTES + 0x100);
  assertEquals(driver.usedElement(0).written, ENTROPY_BYTES);
  const bytes = driver.bytes(Place.DATA, ENTROPY_BYTES);
  assert(new Set(bytes).size === 256, "not all values of a byte in 64 KiB of the host's numbers");
});

Deno.test("two requests get different bytes", () => {
  const driver = new EntropyDriver();
  driver.ask(32);
  const first = driver.bytes(Place.DATA, 32).slice();
  driver.ask(32);
  assert(driver.bytes(Place.DATA, 32).some((byte, at) => byte !== first[at]));
});

Deno.test("a request with something to read stops the device", () => {
  const driver = new EntropyDriver();
  driver.chain(0, [{ address: Place.DATA, length: 8 }]);
  driver.offer(0);
  driver.write(MmioRegister.QUEUE_NOTIFY, 0);
  driver.server.serve(() => false);
  assert((driver.status & DeviceStatus.NEEDS_RESET) !== 0);
  driver.start(0);
  driver.ask(4);
  assertEquals(driver.used, 1);
});

Deno.test("a source that is reset while it answers stores nothing", () => {
  const driver: EntropyDriver = new EntropyDriver((bytes) => {
    driver.write(MmioRegister.STATUS, 0);
    bytes.fill(7);
  });
  driver.ask(16);
  assertEquals([driver.used, ...driver.bytes(Place.DATA, 16)], new Array(17).fill(0));
});
