// One device, two queues, two workers.

import { assertEquals } from "@std/assert";
import { toIdle, toRunning } from "../atomics/agent_state.ts";
import { ioAgent } from "../atomics/agents.ts";
import { DeviceStores } from "../atomics/device_store.ts";
import { Pending, Vcpu, vcpuWord } from "../atomics/shared_layout.ts";
import type { BusName } from "./driver_bus_fixture.ts";
import { ENTROPY_FEATURES, EntropyDevice } from "./entropy_device.ts";
import { QueueServer } from "./queue_server.ts";
import { DescriptorFlag, DeviceId, DeviceStatus, MmioRegister } from "./registers.ts";
import { Place, queueBase, SlotDriver } from "./slot_driver_fixture.ts";

const QUEUES = 2;
const ROOM_AT = [Place.DATA, Place.DATA + 0x1000] as const;
const ROOM_BYTES = 64;

/** Two sources of entropy for one device: each queue has a worker. */
class TwoWorkers extends SlotDriver {
  readonly servers: QueueServer[];
  /** Called when a worker is at work. */
  atWork: (queue: number) => void = () => {};

  constructor(bus: BusName = "mmio") {
    const config = new Uint8Array(0);
    const device = { id: DeviceId.ENTROPY, features: ENTROPY_FEATURES, queues: QUEUES, config };
    super({ device, workers: QUEUES, bus });
    const { slot, ram, words } = this;
    this.servers = [0, 1].map((queue) => {
      const stores = new DeviceStores(words, ioAgent(queue));
      const handler = new EntropyDevice({
        struct: slot.struct,
        stores,
        fill: (bytes) => {
          bytes.fill(queue + 1);
          this.atWork(queue);
        },
      });
      return new QueueServer({ slot, queue, ram, stores, handler });
    });
    this.start(0, 8, QUEUES);
  }

  ask(queue: number): void {
    const room = { address: ROOM_AT[queue], length: ROOM_BYTES, flags: DescriptorFlag.WRITE };
    this.chain(0, [room], queueBase(queue));
    this.offer(0, queue);
    this.write(MmioRegister.QUEUE_NOTIFY, queue);
  }

  serve(queue: number): void {
    this.servers[queue].serve(() => false);
  }

  pendingOf(queue: number): number {
    return this.words[vcpuWord(ioAgent(queue), Vcpu.PENDING) >> 2];
  }

  roomOf(queue: number): number {
    return this.bytes(ROOM_AT[queue], ROOM_BYTES)[0];
  }
}

for (const bus of ["mmio", "pci"] as const) {
  Deno.test(`the doorbell of a queue is heard by the worker that serves it: ${bus}`, () => {
    const driver = new TwoWorkers(bus);
    driver.ask(1);
    assertEquals([driver.pendingOf(0), driver.pendingOf(1)], [0, Pending.WORK]);
    driver.serve(0);
    assertEquals([driver.usedOf(0), driver.usedOf(1)], [0, 0]);
    driver.serve(1);
    assertEquals([driver.usedOf(0), driver.usedOf(1), driver.roomOf(1)], [0, 1, 2]);
  });

  Deno.test(`a reset waits for each of the workers: ${bus}`, () => {
    for (const worker of [0, 1]) {
      const driver = new TwoWorkers(bus);
      toRunning(driver.words, ioAgent(worker), () => {});
      assertEquals(driver.write(MmioRegister.STATUS, 0, bus === "pci" ? 1 : 4), true);
      assertEquals(driver.status & DeviceStatus.DRIVER_OK, DeviceStatus.DRIVER_OK);
      toIdle(driver.words, ioAgent(worker));
      assertEquals(driver.write(MmioRegister.STATUS, 0, bus === "pci" ? 1 : 4), false);
      assertEquals(driver.status, 0);
    }
  });
}

Deno.test("what two workers have begun is not stored when the device is reset, and what comes then is", () => {
  const driver = new TwoWorkers();
  driver.ask(0);
  driver.ask(1);
  // The first worker is at work, then the second, then the driver resets the device and uses it again.
  driver.atWork = (queue) => {
    if (queue === 0) return driver.serve(1);
    driver.atWork = () => {};
    driver.start(0, 8, QUEUES);
  };
  driver.serve(0);
  assertEquals([driver.usedOf(0), driver.usedOf(1)], [0, 0]);
  assertEquals([driver.roomOf(0), driver.roomOf(1)], [0, 0]);
  for (const queue of [0, 1]) {
    driver.ask(queue);
    driver.serve(queue);
    assertEquals([driver.usedOf(queue), driver.roomOf(queue)], [1, queue + 1]);
  }
});

Deno.test("closing one queue waits for its worker alone, and ends that queue's requests alone", () => {
  const driver = new TwoWorkers();
  driver.write(MmioRegister.QUEUE_SELECT, 1);
  toRunning(driver.words, ioAgent(1), () => {});
  assertEquals(driver.write(MmioRegister.QUEUE_READY, 0), true);
  toIdle(driver.words, ioAgent(1));
  toRunning(driver.words, ioAgent(0), () => {});
  assertEquals(driver.write(MmioRegister.QUEUE_READY, 0), false);
  toIdle(driver.words, ioAgent(0));
  driver.ask(0);
  driver.ask(1);
  for (const queue of [0, 1]) driver.serve(queue);
  assertEquals([driver.usedOf(0), driver.usedOf(1)], [1, 0]);
});

Deno.test("a broken ring of one queue stops the device for both workers", () => {
  const driver = new TwoWorkers();
  driver.chain(0, [{ address: Place.DATA, length: 8 }], queueBase(1));
  driver.offer(0, 1);
  driver.write(MmioRegister.QUEUE_NOTIFY, 1);
  driver.serve(1);
  driver.ask(0);
  driver.serve(0);
  assertEquals(driver.status & DeviceStatus.NEEDS_RESET, DeviceStatus.NEEDS_RESET);
  assertEquals([driver.usedOf(0), driver.usedOf(1)], [0, 0]);
});
