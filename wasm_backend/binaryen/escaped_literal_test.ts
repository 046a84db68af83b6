import { assertEquals } from "@std/assert";
import { decodeLiteral } from "./escaped_literal.ts";

const BYTES = 256;

function codes(source: string): Uint8Array {
  return new TextEncoder().encode(source);
}

Deno.test("decodeLiteral() reads every form of a byte", () => {
  const source = "x=`\\0a\\b\\t\\n\\v\\f\\r\\\\\\`\\x0f\\xFF\\xa9$\n`+y";
  const { bytes, end } = decodeLiteral(codes(source), 3);
  assertEquals([...bytes], [0, 97, 8, 9, 10, 11, 12, 13, 92, 96, 15, 255, 169, 36, 10]);
  assertEquals(source.slice(end), "`+y");
});

Deno.test("decodeLiteral() reads all bytes as hexadecimal escapes", () => {
  const all = Array.from({ length: BYTES }, (_, byte) => byte);
  const source = all.map((byte) => "\\x" + byte.toString(16).padStart(2, "0")).join("") + "`";
  assertEquals([...decodeLiteral(codes(source), 0).bytes], all);
});
