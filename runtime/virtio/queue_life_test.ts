import { assertEquals } from "@std/assert";
import { DriverFixture } from "./driver_fixture.ts";
import { QueueLife } from "./queue_life.ts";
import { MmioRegister } from "./registers.ts";

/** Begins a life of the first queue in the moment when it is renewed. @returns whether it may store afterwards */
function mayStoreAfter(end: (driver: DriverFixture) => void): boolean {
  const driver = new DriverFixture();
  driver.start(0);
  const { slot, ram, stores } = driver;
  const life = new QueueLife({ slot, queue: 0, ram, stores });
  const renewQueue = slot.struct.renewQueue.bind(slot.struct);
  let isOpen = false;
  slot.struct.renewQueue = (queue) => {
    renewQueue(queue);
    life.begin();
    isOpen = life.openRing() !== null;
  };
  end(driver);
  return isOpen && stores.run(life.isCurrent, () => {});
}

Deno.test("a worker that begins in the middle of a reset has no ring of the life that is over", () => {
  assertEquals(mayStoreAfter((driver) => driver.write(MmioRegister.STATUS, 0)), false);
});

Deno.test("a worker that begins while its queue is closed has no ring of the life that is over", () => {
  assertEquals(mayStoreAfter((driver) => driver.write(MmioRegister.QUEUE_READY, 0)), false);
});
