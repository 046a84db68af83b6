import { assertEquals } from "@std/assert";
import { StatusLine } from "./status_line.ts";

Deno.test("on a terminal the line is drawn once and erased once", () => {
  const drawn: string[] = [];
  const line = new StatusLine({ isTerminal: () => true, draw: (text) => void drawn.push(text) });
  line.show("starting");
  line.clear();
  line.clear();
  assertEquals(drawn, ["\r\x1b[Kweft: starting", "\r\x1b[K"]);
});

Deno.test("elsewhere nothing is drawn", () => {
  const drawn: string[] = [];
  const line = new StatusLine({ isTerminal: () => false, draw: (text) => void drawn.push(text) });
  line.show("starting");
  line.clear();
  assertEquals(drawn, []);
});
