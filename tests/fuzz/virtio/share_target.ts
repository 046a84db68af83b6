/** A shared folder under attack by its ring; what its messages may do is in `shares/`. */
import { MessageType } from "../../../runtime/file_share/message_type.ts";
import { ShareServer } from "../../../runtime/file_share/share_server.ts";
import type { BusName } from "../../../runtime/virtio/driver_bus_fixture.ts";
import { FileShareDevice } from "../../../runtime/virtio/file_share_device.ts";
import {
  FILE_SHARE_FEATURES,
  fileShareConfig,
} from "../../../runtime/virtio/file_share_protocol.ts";
import { QueueServer } from "../../../runtime/virtio/queue_server.ts";
import {
  DescriptorFlag,
  DeviceId,
  Feature,
  MmioRegister,
} from "../../../runtime/virtio/registers.ts";
import {
  type Descriptor,
  Place,
  RAM_BASE,
  SlotDriver,
} from "../../../runtime/virtio/slot_driver_fixture.ts";
import type { RingFormat } from "../../../runtime/virtio/ring_driver_fixture.ts";
import type { SeededRandom } from "../../differential/seeded_random.ts";
import {
  ATTACK_QUEUE_SIZE,
  ATTACK_RAM_BYTES,
  type AttackTarget,
  GUARD_BYTES,
  randomBuffer,
} from "./ring_attack.ts";
import { EmptyTree } from "../shares/empty_tree.ts";

const FEATURES = 1 << Feature.INDIRECT_DESCRIPTORS | 1 << Feature.EVENT_INDEX;
const UNIT = 64;
const HEADER_BYTES = 7;
const VERSION_MESSAGE = [21, 0, 0, 0, MessageType.VERSION, 0xff, 0xff, 0, 0x20, 0, 0, 8, 0];

/** See the header of this file. */
export class ShareTarget implements AttackTarget {
  readonly queues = 1;
  readonly features = [FEATURES, FEATURES, 0];
  readonly driver: SlotDriver;
  atWork: () => void = () => {};
  #requests = 0;
  readonly #server: QueueServer;

  constructor(bus: BusName, format: RingFormat = "split") {
    this.driver = new SlotDriver({
      device: {
        id: DeviceId.FILE_SHARE,
        features: FILE_SHARE_FEATURES,
        queues: 1,
        config: fileShareConfig(new TextEncoder().encode("tag")),
      },
      ramBytes: ATTACK_RAM_BYTES,
      behindRam: GUARD_BYTES,
      bus,
      format,
    });
    const { slot, ram, stores } = this.driver;
    const tree = new EmptyTree(() => {
      this.#requests++;
      this.atWork();
    });
    const server = new ShareServer(tree, false);
    const handler = new FileShareDevice({ struct: slot.struct, stores, server });
    this.#server = new QueueServer({ slot, queue: 0, ram, stores, handler });
  }

  /** A request to attach, or something like one. */
  chain(random: SeededRandom): Descriptor[] {
    const { view } = this.driver;
    const at = Place.HEADER - RAM_BASE;
    const bytes = [23, 0, 0, 0, MessageType.ATTACH, 1, 0, random.below(8), 0, 0, 0];
    [...bytes, ...new Array(12).fill(0)].forEach((byte, index) => view.setUint8(at + index, byte));
    if (random.chance(20)) view.setUint8(at + random.below(HEADER_BYTES), random.below(256));
    const length = random.chance(90) ? 23 : random.between(1, 23);
    return [
      { address: Place.HEADER, length },
      ...Array.from({ length: random.below(3) }, () => randomBuffer(random, true, UNIT)),
    ];
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
    const message = [...VERSION_MESSAGE, ...new TextEncoder().encode("9P2000.L")];
    driver.bytes(Place.HEADER, message.length).set(message);
    driver.chain(0, [
      { address: Place.HEADER, length: message.length },
      { address: Place.DATA, length: UNIT, flags: DescriptorFlag.WRITE },
    ]);
    driver.offer(0);
    driver.write(MmioRegister.QUEUE_NOTIFY, 0);
    this.serve();
    const answer = driver.bytes(Place.DATA, message.length);
    const isAnswered = answer[4] === MessageType.VERSION + 1 && driver.used === 1;
    return isAnswered ? [] : ["the share cannot be used after a reset"];
  }
}
