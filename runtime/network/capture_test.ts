import { assertEquals } from "@std/assert";
import { captureHeader, captureRecord } from "./capture.ts";

Deno.test("a capture is what tools read: header, time, kept and real length, bytes", () => {
  assertEquals(
    [...captureHeader(96)],
    [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 96, 0, 0, 0, 1, 0, 0, 0],
  );
  const record = new DataView(captureRecord(Uint8Array.of(1, 2, 3, 4, 5), 12_345.5, 3).buffer);
  const words = [0, 4, 8, 12].map((at) => record.getUint32(at, true));
  assertEquals(words, [12, 345_500, 3, 5]);
  assertEquals([...new Uint8Array(record.buffer, 16)], [1, 2, 3]);
});
