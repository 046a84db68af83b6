import { assertEquals } from "@std/assert";
import type { DecodedRecord } from "../frontend.ts";
import { createDecoder } from "./decoder.ts";
import { assemble } from "./encoder.ts";
import { createRecordFiller, RECORD_FIELDS } from "./record.ts";
import { ZERO_SINK } from "./registers.ts";
import { rowIndex } from "./rows.ts";

const fill = createRecordFiller(createDecoder());

function recordOf(bits: number): DecodedRecord {
  const fields = new Uint8Array(RECORD_FIELDS.length).fill(0xff);
  const record: DecodedRecord = { handler: -1, length: -1, fields, imm: -1 };
  fill(bits & 0xffff, bits >>> 16, record);
  return record;
}

Deno.test("A record holds handler, length and fields", () => {
  assertEquals(recordOf(assemble("addi", { rd: 3, rs1: 4, imm: -5 })), {
    handler: rowIndex("addi"),
    length: 4,
    fields: Uint8Array.of(3, 4, 0, 0, 0),
    imm: -5,
  });
  assertEquals(recordOf(assemble("c.sdsp", { rs2: 9, imm: 24 })), {
    handler: rowIndex("sd"),
    length: 2,
    fields: Uint8Array.of(0, 2, 9, 0, 0),
    imm: 24,
  });
});

Deno.test("The second parcel does not matter to a compressed instruction", () => {
  const fields = new Uint8Array(RECORD_FIELDS.length);
  const record: DecodedRecord = { handler: 0, length: 0, fields, imm: 0 };
  fill(0x8082, 0xffff, record);
  assertEquals([record.handler, record.length], [rowIndex("jalr"), 2]);
});

Deno.test("Destination x0 becomes the sink; f0 and absent destinations do not", () => {
  assertEquals(recordOf(assemble("add", { rd: 0 })).fields[0], ZERO_SINK);
  assertEquals(recordOf(assemble("jal", { rd: 0 })).fields[0], ZERO_SINK);
  assertEquals(recordOf(assemble("csrrw", { rd: 0 })).fields[0], ZERO_SINK);
  assertEquals(recordOf(assemble("amoadd.w.aq", { rd: 0 })).fields[0], ZERO_SINK);
  assertEquals(recordOf(assemble("fcvt.w.s", { rd: 0 })).fields[0], ZERO_SINK);
  assertEquals(recordOf(assemble("fadd.s", { rd: 0 })).fields[0], 0);
  assertEquals(recordOf(assemble("sd", { rs2: 0 })).fields[0], 0);
  assertEquals(recordOf(assemble("sfence.vma")).fields.slice(0, 3), Uint8Array.of(0, 0, 0));
});
