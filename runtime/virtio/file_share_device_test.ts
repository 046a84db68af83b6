import { assert, assertEquals } from "@std/assert";
import { MessageType } from "../file_share/message_type.ts";
import type { ShareClient } from "../file_share/client_fixture.ts";
import { ShareFixture } from "../file_share/share_fixture.ts";
import { FileShareCounter, FileShareDevice } from "./file_share_device.ts";
import { FILE_SHARE_FEATURES, fileShareConfig } from "./file_share_protocol.ts";
import { QueueServer } from "./queue_server.ts";
import { DescriptorFlag, DeviceId, DeviceStatus, MmioRegister } from "./registers.ts";
import { Place, SlotDriver } from "./slot_driver_fixture.ts";

const { WRITE } = DescriptorFlag;

/** A driver of a shared folder. */
class ShareDriver extends SlotDriver {
  readonly server: QueueServer;
  readonly client: ShareClient;

  constructor({ client }: ShareFixture) {
    const config = fileShareConfig(new TextEncoder().encode("my tag"));
    super({
      device: { id: DeviceId.FILE_SHARE, features: FILE_SHARE_FEATURES, queues: 1, config },
    });
    const { slot, ram, stores } = this;
    this.client = client;
    const handler = new FileShareDevice({ struct: slot.struct, stores, server: client.server });
    this.server = new QueueServer({ slot, queue: 0, ram, stores, handler });
    this.start(0);
  }

  /** Puts a request into two pieces, with rooms for the answer. */
  ask(message: Uint8Array, ...rooms: number[]): void {
    this.bytes(Place.DATA, message.length).set(message);
    const half = Math.ceil(message.length / 2);
    let address = Place.DATA + 0x1000;
    this.chain(0, [
      { address: Place.DATA, length: half },
      { address: Place.DATA + half, length: message.length - half },
      ...rooms.map((length) => {
        const room = { address, length, flags: WRITE };
        address += 0x100;
        return room;
      }),
    ]);
    this.offer(0);
    this.write(MmioRegister.QUEUE_NOTIFY, 0);
    this.server.serve(() => false);
  }
}

const ignore = Deno.build.os === "windows";

Deno.test({
  name: "a request in pieces is answered into pieces, and counted",
  ignore,
  fn() {
    using share = new ShareFixture();
    const driver = new ShareDriver(share);
    const { client } = driver;
    const fid = client.reach("file");
    client.open(fid, 0);
    const fields = [{ word: fid }, { long: 0 }, { word: 100 }];
    driver.ask(client.message(MessageType.READ, fields), 11, 4, 60);
    assertEquals(driver.usedElement(0).written, 11 + "text of a file".length);
    const text = (at: number, length: number): string =>
      new TextDecoder().decode(driver.bytes(Place.DATA + 0x1000 + at, length).slice());
    assertEquals(text(0x100, 4) + text(0x200, 10), "text of a file");
    const { counters } = driver.slot.struct;
    assertEquals(counters[FileShareCounter.REQUESTS], 1);
    assertEquals(counters[FileShareCounter.BYTES_READ], 14);
    assertEquals(driver.interrupts, 1);
  },
});

Deno.test({
  name: "the configuration holds the tag",
  ignore,
  fn() {
    using share = new ShareFixture();
    const driver = new ShareDriver(share);
    assertEquals(driver.read(MmioRegister.CONFIG, 2), 6);
    const tag = Array.from({ length: 6 }, (_, at) => driver.read(MmioRegister.CONFIG + 2 + at, 1));
    assertEquals(String.fromCharCode(...tag), "my tag");
  },
});

Deno.test({
  name: "a request without header, or without room for an error, stops the device until a reset",
  ignore,
  fn() {
    using share = new ShareFixture();
    const driver = new ShareDriver(share);
    for (const [message, room] of [[new Uint8Array(6), 64], [new Uint8Array(7), 10]] as const) {
      driver.ask(message, room);
      assert((driver.status & DeviceStatus.NEEDS_RESET) !== 0);
      driver.start(0);
    }
    driver.ask(driver.client.message(MessageType.CLUNK, [{ word: 99 }]), 11);
    assertEquals(driver.usedElement(0).written, 11);
  },
});

Deno.test({
  name: "an answer that has no room becomes an error",
  ignore,
  fn() {
    using share = new ShareFixture();
    const driver = new ShareDriver(share);
    driver.ask(driver.client.message(MessageType.GETATTR, [{ word: 1 }, { long: 0x7ff }]), 40);
    assertEquals(driver.usedElement(0).written, 11);
    assertEquals(driver.bytes(Place.DATA + 0x1000, 5)[4], MessageType.ERROR + 1);
  },
});
