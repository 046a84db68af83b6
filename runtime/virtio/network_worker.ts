/**
 * Entry point of a worker that serves a network card. It gets one message, makes the network behind the card, and serves
 * both until the machine has ended. It never blocks its thread: the host's sockets answer there as well.
 */

import { errorText } from "../machine/internal_error.ts";
import type { IoStart, NetworkStart, WorkerReport } from "../machine/worker_messages.ts";
import { captureRecord } from "../network/capture.ts";
import { DenoNetwork } from "../network/deno_network.ts";
import { HostClock } from "../network/host_clock.ts";
import { UserNetwork } from "../network/user_network.ts";
import { EventThread } from "./event_thread.ts";
import { FrameChannel } from "./frame_channel.ts";
import { type FrameReceiver, NetworkCounter, NetworkDevice } from "./network_device.ts";
import { openWorkerView, serveFirstMessage, type WorkerView } from "./worker_view.ts";

/** A network behind a card. */
interface CardNetwork extends FrameReceiver {
  open(): Promise<void>;
  close(): void;
}

/** Keeps a copy of each frame in a file, as long as that takes them: a full disk does not stop a network. */
class Capture {
  readonly #file: Deno.FsFile;
  readonly #path: string;
  readonly #maxBytes: number;
  #hasFailed = false;

  constructor({ path, maxBytes }: NonNullable<NetworkStart["capture"]>) {
    this.#file = Deno.openSync(path, { append: true });
    this.#path = path;
    this.#maxBytes = maxBytes;
  }

  write(frame: Uint8Array): void {
    if (this.#hasFailed) return;
    const record = captureRecord(frame, Date.now(), this.#maxBytes);
    try {
      for (let done = 0; done < record.length;) done += this.#file.writeSync(record.subarray(done));
    } catch (error) {
      this.#hasFailed = true;
      const report: WorkerReport = {
        log: `${this.#path} gets no more frames: ${errorText(error)}\n`,
      };
      (self as unknown as Worker).postMessage(report);
    }
  }

  close(): void {
    this.#file.close();
  }
}

function randomWord(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0];
}

/** The card of a first message, its network, and what it keeps of their frames. */
class NetworkCard {
  readonly device: NetworkDevice;
  readonly #clock = new HostClock();
  readonly #network: CardNetwork;
  readonly #capture: Capture | null;

  constructor(start: NetworkStart, { slots, ram, stores }: WorkerView) {
    const slot = slots[start.slot];
    const { struct } = slot;
    this.#capture = start.capture === null ? null : new Capture(start.capture);
    this.#network = this.#makeNetwork(start, (counter, value) => struct.counters[counter] = value);
    this.device = new NetworkDevice({ slot, ram, stores }, {
      receive: (frame, isComplete) => {
        this.#capture?.write(frame);
        this.#network.receive(frame, isComplete);
      },
      flush: () => this.#network.flush(),
    });
  }

  #makeNetwork(
    { source }: NetworkStart,
    count: (counter: number, value: number) => void,
  ): CardNetwork {
    if ("port" in source) return this.#callersNetwork(source.port);
    const network = new UserNetwork({
      settings: source.user,
      host: new DenoNetwork(),
      clock: this.#clock,
      deliver: (frame) => {
        this.#capture?.write(frame.bytes);
        this.device.deliver(frame);
      },
      card: () => this.device,
      randomWord,
    });
    return {
      open: () => network.open(),
      receive: (frame, isComplete) => network.receive(frame, isComplete),
      flush: () => {
        network.flush();
        count(NetworkCounter.ALLOWED, network.counts.allowed);
        count(NetworkCounter.REFUSED, network.counts.refused);
      },
      close: () => network.close(),
    };
  }

  #callersNetwork(port: MessagePort): CardNetwork {
    const channel = new FrameChannel(port, (bytes) => {
      this.#capture?.write(bytes);
      this.device.deliver({ bytes, work: null });
    });
    return {
      open: () => Promise.resolve(),
      receive: (frame) => void channel.send(frame),
      flush: () => {},
      close: () => port.close(),
    };
  }

  async open(): Promise<void> {
    await this.#network.open();
  }

  serve(isWanted: () => boolean): void {
    this.#clock.start();
    this.device.serve(isWanted);
  }

  stand(): void {
    this.#clock.stop();
    this.device.stand();
  }

  close(): void {
    this.#network.close();
    this.#capture?.close();
  }
}

async function serve(start: IoStart): Promise<void> {
  const view = await openWorkerView(start);
  const [first, ...others] = start.devices;
  if (first?.kind !== "network" || others.length > 0) {
    throw new TypeError("Cannot serve other devices than one network card");
  }
  const card = new NetworkCard(first, view);
  try {
    await card.open();
    await new EventThread(view.words, view.agent, card).run();
  } finally {
    card.stand();
    card.close();
  }
}

serveFirstMessage(serve);
