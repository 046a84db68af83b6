/**
 * One line on standard error that shows that something is going on, until the guest speaks.
 *
 * It exists only on a terminal and erases itself, so that logs and pipes never see it.
 */

const ERASE_LINE = "\r\x1b[K";
const TICK_MILLISECONDS = 1000;

/** Where the line is drawn: standard error, or a recorder in tests. */
export interface StatusSink {
  /** Does a person look at it? */
  isTerminal(): boolean;
  /** Writes to it. */
  draw(text: string): void;
}

/** A line with the time that has passed. */
export class StatusLine {
  readonly #sink: StatusSink;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** A line on the given output; nothing is drawn yet. */
  constructor(sink: StatusSink) {
    this.#sink = sink;
  }

  /** Draws the line and keeps its seconds current. */
  show(message: string): void {
    if (!this.#sink.isTerminal()) return;
    this.clear();
    const start = performance.now();
    const draw = (): void => {
      const seconds = Math.floor((performance.now() - start) / TICK_MILLISECONDS);
      this.#sink.draw(`${ERASE_LINE}weft: ${message}${seconds > 0 ? ` (${seconds} s)` : ""}`);
    };
    draw();
    this.#timer = setInterval(draw, TICK_MILLISECONDS);
  }

  /** Erases the line for good. */
  clear(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#sink.draw(ERASE_LINE);
  }
}
