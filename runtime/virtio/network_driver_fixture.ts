/** A driver and a network card on one thread. */

import type { OutgoingFrame } from "../network/ip_link.ts";
import type { BusName } from "./driver_bus_fixture.ts";
import { NetworkDevice } from "./network_device.ts";
import { FrameHeader, networkConfig, networkFeatures, NetworkQueue } from "./network_protocol.ts";
import { DescriptorFlag, DeviceId, MmioRegister } from "./registers.ts";
import { Place, queueBase, RAM_BYTES, type RingFormat, SlotDriver } from "./slot_driver_fixture.ts";

/** Where frames to send are written. */
const SEND_AT = Place.DATA + 0x8000;

/** See the header of this file. */
export class NetworkDriver extends SlotDriver {
  readonly card: NetworkDevice;
  /** Frames that the network got. */
  readonly sent: { readonly frame: Uint8Array; readonly isComplete: boolean }[] = [];
  flushes = 0;
  /** Called when the network gets a frame. */
  onFrame: (frame: Uint8Array) => void = () => {};

  constructor({
    ramBytes = RAM_BYTES,
    behindRam = 0,
    bus = "mmio" as BusName,
    format = "split" as RingFormat,
  } = {}) {
    const device = {
      id: DeviceId.NETWORK,
      features: networkFeatures(true),
      queues: NetworkQueue.COUNT,
      config: networkConfig(Uint8Array.of(0x52, 0x54, 0, 1, 2, 3)),
    };
    super({ device, ramBytes, behindRam, bus, format });
    const { slot, ram, stores } = this;
    this.card = new NetworkDevice({ slot, ram, stores }, {
      receive: (frame, isComplete) => {
        this.sent.push({ frame: frame.slice(), isComplete });
        this.onFrame(frame);
      },
      flush: () => this.flushes++,
    });
  }

  /** Offers a buffer to receive into, from descriptor `head` on. */
  offerRoom(head: number, address: number, length: number): void {
    const chain = [{ address, length, flags: DescriptorFlag.WRITE }];
    this.chain(head, chain, queueBase(NetworkQueue.RECEIVE));
    this.offer(head, NetworkQueue.RECEIVE);
  }

  /** Lets the worker serve. */
  serve(queue: number = NetworkQueue.RECEIVE): void {
    this.write(MmioRegister.QUEUE_NOTIFY, queue);
    this.card.serve(() => false);
  }

  /** Sends a frame. */
  sendFrame(frame: Uint8Array, flags = 0): void {
    const bytes = this.bytes(SEND_AT, FrameHeader.BYTES + frame.length);
    bytes.fill(0);
    bytes[FrameHeader.FLAGS] = flags;
    bytes.set(frame, FrameHeader.BYTES);
    const chain = [
      { address: SEND_AT, length: FrameHeader.BYTES },
      { address: SEND_AT + FrameHeader.BYTES, length: frame.length },
    ];
    this.chain(0, chain, queueBase(NetworkQueue.TRANSMIT));
    this.offer(0, NetworkQueue.TRANSMIT);
    this.serve(NetworkQueue.TRANSMIT);
  }
}

/** A frame without work. */
export function plainFrame(length: number, seed = 0): OutgoingFrame {
  return { bytes: Uint8Array.from({ length }, (_, at) => (at * 3 + seed) & 0xff), work: null };
}
