/**
 * Frames between a worker and the thread of a caller's network, over a port. Each side may be so many frames ahead of the
 * other; what comes behind that is lost, as on any network, and fills nobody's memory.
 */

/** Frames that one side may be ahead. */
const MAX_AHEAD = 256;

/** See the header of this file. */
export class FrameChannel {
  readonly #port: MessagePort;
  #ahead = 0;

  /**
   * One end.
   * @param receive takes a frame, and may take its time; what it throws is a lost frame
   */
  constructor(port: MessagePort, receive: (frame: Uint8Array) => void | Promise<void>) {
    this.#port = port;
    port.onmessage = ({ data }: MessageEvent<Uint8Array | null>) => {
      if (data === null) this.#ahead--;
      else void this.#take(data, receive);
    };
  }

  async #take(
    frame: Uint8Array,
    receive: (frame: Uint8Array) => void | Promise<void>,
  ): Promise<void> {
    try {
      await receive(frame);
    } catch {
      // A network may lose a frame.
    } finally {
      this.#port.postMessage(null);
    }
  }

  /** Gives the other side a copy of a frame. @returns false when it is lost */
  send(frame: Uint8Array): boolean {
    if (this.#ahead >= MAX_AHEAD) return false;
    this.#ahead++;
    const copy = frame.slice();
    this.#port.postMessage(copy, [copy.buffer]);
    return true;
  }
}
