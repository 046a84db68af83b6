/**
 * Decoded-instruction records as the cold tier reads them: register fields are ready to index the register
 * files, so a destination x0 is the sink element.
 */
import type { DecodedRecord } from "../frontend.ts";
import { blankInstruction, type Decoder, joinParcels } from "./decoder.ts";
import { ZERO_SINK } from "./registers.ts";
import { destinationFile, ROWS } from "./rows.ts";

/** Byte-wide fields of a record, in order. */
export const RECORD_FIELDS = ["rd", "rs1", "rs2", "rs3", "rm"] as const;

/** Fills the record of the instruction whose parcels are given; allocates nothing. */
export type RecordFiller = (first: number, second: number, record: DecodedRecord) => void;

/** Makes a filler that uses the decoder. */
export function createRecordFiller(decoder: Decoder): RecordFiller {
  const writesInteger = ROWS.map((row) => destinationFile(row) === "x");
  const scratch = blankInstruction();
  return (first, second, record) => {
    decoder.decodeInto(joinParcels(first, second), scratch);
    record.handler = scratch.row;
    record.length = scratch.length;
    record.imm = scratch.imm;
    for (let i = 0; i < RECORD_FIELDS.length; i++) record.fields[i] = scratch[RECORD_FIELDS[i]];
    if (scratch.rd === 0 && writesInteger[scratch.row]) {
      record.fields[RECORD_FIELDS.indexOf("rd")] = ZERO_SINK;
    }
  };
}
