import { assertEquals } from "@std/assert";
import { TextLineStream } from "./text_lines.ts";

Deno.test("TextLineStream joins pieces, ends lines at line feeds and keeps the last one", async () => {
  const pieces = ReadableStream.from(["a", "b\r\n\n", "c\r", "\nd"]);
  const lines = await Array.fromAsync(pieces.pipeThrough(new TextLineStream()));
  assertEquals(lines, ["ab", "", "c", "d"]);
});
