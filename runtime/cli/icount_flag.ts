/** `-icount` as QEMU writes it: `shift=N|auto`, or N alone, `sleep=on|off`, `rr=record|replay` with `rrfile=FILE`. */

import { MAX_ICOUNT_SHIFT } from "../machine/options.ts";
import type { IcountOptions } from "../machine/options.ts";
import { parsePropertyList, parseSwitch, rejectUnknownProperties } from "./property_list.ts";
import { UsageError } from "./usage_error.ts";

const KNOWN = ["shift", "sleep", "align", "rr", "rrfile", "rrsnapshot"] as const;

/** Understands the flag's value. */
export function parseIcount(value: string): IcountOptions {
  const { head, properties } = parsePropertyList("icount", value);
  rejectUnknownProperties("icount", properties, KNOWN);
  if (parseSwitch("icount", "align", properties.get("align") ?? "off")) {
    throw refused(value, "counted time is not held back to real time", "leave align= out");
  }
  if (properties.has("rrsnapshot")) {
    throw refused(value, "a replay begins where the recording did", "leave rrsnapshot= out");
  }
  const shift = parseShift(value, properties.get("shift") ?? head);
  const sleep = parseSwitch("icount", "sleep", properties.get("sleep") ?? "on");
  return { shift, sleep, ...parseRecording(value, properties) };
}

function parseRecording(
  value: string,
  properties: ReadonlyMap<string, string>,
): Pick<IcountOptions, "rr" | "rrfile"> {
  const rr = properties.get("rr");
  const rrfile = properties.get("rrfile");
  if (rr !== undefined && rr !== "record" && rr !== "replay") {
    throw refused(value, "a run is recorded or replayed", "write rr=record or rr=replay");
  }
  if (rr !== undefined && !rrfile) throw refused(value, "the log has no name", "add rrfile=FILE");
  if (rr === undefined && rrfile !== undefined) {
    throw refused(value, "nothing is recorded or replayed", "add rr=record or rr=replay");
  }
  return rr === undefined || rrfile === undefined ? {} : { rr, rrfile };
}

function parseShift(value: string, text: string | undefined): number | "auto" {
  if (text === "auto") return text;
  const shift = text === undefined || !/^\d+$/.test(text) ? NaN : Number(text);
  if (shift <= MAX_ICOUNT_SHIFT) return shift;
  throw refused(
    value,
    `an instruction takes 2^shift nanoseconds, shift is 0 to ${MAX_ICOUNT_SHIFT} or auto`,
    "write -icount shift=0",
  );
}

function refused(value: string, cause: string, fix: string): UsageError {
  return new UsageError({ what: `-icount ${value}`, cause, fix });
}
