/**
 * The console's escape keys as a state machine without input or output: bytes go in, events come out.
 *
 * Ctrl-A begins an escape; the next byte says which. The prefix may end one read and its key begin the next.
 * An unknown key after the prefix is dropped together with it, as QEMU does.
 */

/** Ctrl-A: starts an escape. */
const PREFIX = 0x01;

/** What the user asks for with an escape. */
export type EscapeAction = "quit" | "monitor" | "help" | "break";

/** Something the keyboard did. */
export type KeyEvent =
  | { readonly kind: "input"; readonly bytes: Uint8Array }
  | { readonly kind: EscapeAction };

const ACTIONS: ReadonlyMap<number, EscapeAction> = new Map([
  [code("x"), "quit"],
  [code("c"), "monitor"],
  [code("h"), "help"],
  [code("?"), "help"],
  [code("b"), "break"],
]);

/** Keys after the prefix that send the prefix itself. */
const LITERAL_KEYS: ReadonlySet<number> = new Set([PREFIX, code("a")]);

/** The keys for people to read. */
export const KEY_HELP: readonly { readonly keys: string; readonly does: string }[] = [
  { keys: "Ctrl-A x", does: "end the machine" },
  { keys: "Ctrl-A c", does: "switch between console and monitor" },
  { keys: "Ctrl-A b", does: "send a break" },
  { keys: "Ctrl-A a", does: "send Ctrl-A" },
  { keys: "Ctrl-A h", does: "print these keys" },
];

function code(key: string): number {
  return key.charCodeAt(0);
}

/** Splits keyboard input into guest input and escapes. */
export class EscapeKeys {
  #escaped = false;

  /** Events of the next bytes, in order; input between escapes is one event. */
  feed(bytes: Uint8Array): KeyEvent[] {
    const events: KeyEvent[] = [];
    let input: number[] = [];
    const endInput = (): void => {
      if (input.length > 0) events.push({ kind: "input", bytes: Uint8Array.from(input) });
      input = [];
    };
    for (const byte of bytes) {
      const meaning = this.#meaning(byte);
      if (typeof meaning === "number") input.push(meaning);
      if (typeof meaning === "string") {
        endInput();
        events.push({ kind: meaning });
      }
    }
    endInput();
    return events;
  }

  /** A byte for the guest, an action, or nothing. */
  #meaning(byte: number): number | EscapeAction | undefined {
    if (!this.#escaped) {
      this.#escaped = byte === PREFIX;
      return this.#escaped ? undefined : byte;
    }
    this.#escaped = false;
    return LITERAL_KEYS.has(byte) ? PREFIX : ACTIONS.get(byte);
  }
}
