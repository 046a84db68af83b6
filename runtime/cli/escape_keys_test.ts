import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { EscapeKeys, type KeyEvent } from "./escape_keys.ts";

/** Events as text: input as it is, actions in brackets. */
function show(events: readonly KeyEvent[]): string {
  return events.map((event) =>
    event.kind === "input" ? String.fromCharCode(...event.bytes) : `[${event.kind}]`
  ).join("");
}

function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

Deno.test("bytes without the prefix pass, control bytes included", () => {
  assertEquals(show(new EscapeKeys().feed(bytes("ls\r\x03\x1a\x7f"))), "ls\r\x03\x1a\x7f");
});

Deno.test("each key after the prefix has its action", () => {
  assertEquals(show(new EscapeKeys().feed(bytes("\x01x"))), "[quit]");
  assertEquals(show(new EscapeKeys().feed(bytes("\x01c"))), "[monitor]");
  assertEquals(show(new EscapeKeys().feed(bytes("\x01h\x01?"))), "[help][help]");
  assertEquals(show(new EscapeKeys().feed(bytes("\x01b"))), "[break]");
});

Deno.test("Ctrl-A a and Ctrl-A Ctrl-A send one Ctrl-A", () => {
  assertEquals(show(new EscapeKeys().feed(bytes("\x01ax\x01\x01x"))), "\x01x\x01x");
});

Deno.test("an unknown key after the prefix is dropped with it", () => {
  assertEquals(show(new EscapeKeys().feed(bytes("a\x01zb"))), "ab");
});

Deno.test("input before an escape comes before it", () => {
  assertEquals(show(new EscapeKeys().feed(bytes("ab\x01ccd\x01xe"))), "ab[monitor]cd[quit]e");
});

Deno.test("it does not matter how reads cut the input", () => {
  const key = fc.constantFrom(0x01, 0x61, 0x62, 0x63, 0x78, 0x7a, 0x0d);
  fc.assert(fc.property(fc.array(fc.array(key)), (reads) => {
    const whole = new EscapeKeys().feed(Uint8Array.from(reads.flat()));
    const keys = new EscapeKeys();
    const cut = reads.flatMap((read) => keys.feed(Uint8Array.from(read)));
    assertEquals(show(cut), show(whole));
  }));
});
