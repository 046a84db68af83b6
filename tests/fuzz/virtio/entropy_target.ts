/** A source of entropy under attack. */
import type { BusName } from "../../../runtime/virtio/driver_bus_fixture.ts";
import { ENTROPY_FEATURES, EntropyDevice } from "../../../runtime/virtio/entropy_device.ts";
import { QueueServer } from "../../../runtime/virtio/queue_server.ts";
import {
  DescriptorFlag,
  DeviceId,
  Feature,
  MmioRegister,
} from "../../../runtime/virtio/registers.ts";
import { type Descriptor, Place, SlotDriver } from "../../../runtime/virtio/slot_driver_fixture.ts";
import type { RingFormat } from "../../../runtime/virtio/ring_driver_fixture.ts";
import type { SeededRandom } from "../../differential/seeded_random.ts";
import {
  ATTACK_QUEUE_SIZE,
  ATTACK_RAM_BYTES,
  type AttackTarget,
  GUARD_BYTES,
  randomBuffer,
} from "./ring_attack.ts";

const FEATURES = 1 << Feature.INDIRECT_DESCRIPTORS | 1 << Feature.EVENT_INDEX;
/** What every byte of its entropy is. */
const BYTE = 0x5e;
const UNIT = 64;

/** See the header of this file. */
export class EntropyTarget implements AttackTarget {
  readonly queues = 1;
  readonly features = [FEATURES, FEATURES, 0];
  readonly driver: SlotDriver;
  atWork: () => void = () => {};
  #requests = 0;
  readonly #server: QueueServer;

  constructor(bus: BusName, format: RingFormat = "split") {
    this.driver = new SlotDriver({
      device: {
        id: DeviceId.ENTROPY,
        features: ENTROPY_FEATURES,
        queues: 1,
        config: new Uint8Array(0),
      },
      ramBytes: ATTACK_RAM_BYTES,
      behindRam: GUARD_BYTES,
      bus,
      format,
    });
    const { slot, ram, stores } = this.driver;
    const fill = (bytes: Uint8Array): void => {
      this.#requests++;
      this.atWork();
      bytes.fill(BYTE);
    };
    const handler = new EntropyDevice({ struct: slot.struct, stores, fill });
    this.#server = new QueueServer({ slot, queue: 0, ram, stores, handler });
  }

  chain(random: SeededRandom): Descriptor[] {
    return Array.from(
      { length: random.between(1, 3) },
      () => randomBuffer(random, true, UNIT),
    );
  }

  serve(): void {
    this.#server.serve(() => false);
  }

  takeRequests(): number {
    const taken = this.#requests;
    this.#requests = 0;
    return taken;
  }

  usable(): string[] {
    const { driver } = this;
    driver.start(0, ATTACK_QUEUE_SIZE);
    driver.chain(0, [{ address: Place.DATA, length: UNIT, flags: DescriptorFlag.WRITE }]);
    driver.offer(0);
    driver.write(MmioRegister.QUEUE_NOTIFY, 0);
    this.serve();
    const isFilled = driver.bytes(Place.DATA, UNIT).every((byte) => byte === BYTE);
    return isFilled && driver.used === 1 ? [] : ["there is no entropy after a reset"];
  }
}
