/**
 * The mode of the terminal on standard input, and its restoration on every way out.
 *
 * A terminal left in raw mode is useless to its owner, so restoration does not depend on the path the program
 * takes: normal return, `Deno.exit` anywhere, a signal, an uncaught error and a rejected promise all lead
 * through here. After a stop and continue by job control the mode is set again, because the shell resets it.
 */

/** What the terminal keeps to itself: nothing (`raw`), or the keys that send signals (`signals`). */
export type KeyMode = "raw" | "signals";

/** Signals that end the program, and their numbers: the exit code is 128 plus the number, as in a shell. */
const ENDING_SIGNALS: readonly { readonly name: Deno.Signal; readonly number: number }[] = [
  { name: "SIGHUP", number: 1 },
  { name: "SIGINT", number: 2 },
  { name: "SIGQUIT", number: 3 },
  { name: "SIGTERM", number: 15 },
];
const SIGNAL_EXIT_BASE = 128;
const WINDOWS_SIGNALS: readonly Deno.Signal[] = ["SIGINT", "SIGHUP"];

/** The terminal of this process. Standard input that is no terminal is left alone. */
export class Terminal {
  #raw = false;
  readonly #mode: KeyMode;
  readonly #resume = (): void => this.#set(true);
  readonly #restore = (): void => this.restore();

  private constructor(mode: KeyMode) {
    this.#mode = mode;
  }

  /** Hands keys to the guest unprocessed from now on. */
  static open(mode: KeyMode): Terminal {
    const terminal = new Terminal(mode);
    if (!Deno.stdin.isTerminal()) return terminal;
    globalThis.addEventListener("unload", terminal.#restore);
    if (Deno.build.os !== "windows") Deno.addSignalListener("SIGCONT", terminal.#resume);
    terminal.#set(true);
    return terminal;
  }

  /** Gives the terminal back as it was. May be called more than once. */
  restore(): void {
    if (!this.#raw) return;
    this.#set(false);
    globalThis.removeEventListener("unload", this.#restore);
    if (Deno.build.os !== "windows") Deno.removeSignalListener("SIGCONT", this.#resume);
  }

  /** A terminal that was hung up cannot be set any more, and need not be. */
  #set(raw: boolean): void {
    try {
      Deno.stdin.setRaw(raw, { cbreak: raw && this.#mode === "signals" });
      this.#raw = raw;
    } catch {
      this.#raw = false;
    }
  }
}

/**
 * Tells the size of the terminal on standard output, now and whenever it changes; nothing where that is no terminal.
 * @returns what takes the handler away
 */
export function onWindowSize(tell: (size: Size) => void): () => void {
  const look = (): void => {
    const size = windowSize();
    if (size !== undefined) tell(size);
  };
  look();
  if (Deno.build.os === "windows") return () => {};
  Deno.addSignalListener("SIGWINCH", look);
  return () => Deno.removeSignalListener("SIGWINCH", look);
}

/** Columns and rows of a terminal. */
type Size = ReturnType<typeof Deno.consoleSize>;

/** Standard output may be no terminal, and a terminal may say that it has no size. */
function windowSize(): Size | undefined {
  try {
    const size = Deno.consoleSize();
    return size.columns > 0 && size.rows > 0 ? size : undefined;
  } catch {
    return undefined;
  }
}

/** Ends the program by `exit` on every signal that asks for it; returns what takes the handlers away. */
export function onEndingSignal(exit: (code: number) => void): () => void {
  const handlers = ENDING_SIGNALS
    .filter(({ name }) => Deno.build.os !== "windows" || WINDOWS_SIGNALS.includes(name))
    .map(({ name, number }) => ({ name, handler: (): void => exit(SIGNAL_EXIT_BASE + number) }));
  for (const { name, handler } of handlers) Deno.addSignalListener(name, handler);
  return () => {
    for (const { name, handler } of handlers) Deno.removeSignalListener(name, handler);
  };
}

/** Hands errors that nothing caught to `report`; returns what takes the handlers away. */
export function onUncaught(report: (error: unknown) => void): () => void {
  const onError = (event: ErrorEvent): void => {
    event.preventDefault();
    report(event.error);
  };
  const onRejection = (event: PromiseRejectionEvent): void => {
    event.preventDefault();
    report(event.reason);
  };
  globalThis.addEventListener("error", onError);
  globalThis.addEventListener("unhandledrejection", onRejection);
  return () => {
    globalThis.removeEventListener("error", onError);
    globalThis.removeEventListener("unhandledrejection", onRejection);
  };
}
