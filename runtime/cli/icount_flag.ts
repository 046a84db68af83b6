/** `-icount` as QEMU writes it: `shift=N|auto`, or N alone, and `sleep=on|off`. */

import { MAX_ICOUNT_SHIFT } from "../machine/options.ts";
import type { IcountOptions } from "../machine/options.ts";
import { parsePropertyList, parseSwitch, rejectUnknownProperties } from "./property_list.ts";
import { UsageError } from "./usage_error.ts";

const KNOWN = ["shift", "sleep", "align"] as const;
/** What QEMU's flag has besides. */
const RECORDS: readonly string[] = ["rr", "rrfile", "rrsnapshot"];

/** Understands the flag's value. */
export function parseIcount(value: string): IcountOptions {
  const { head, properties } = parsePropertyList("icount", value);
  const recording = [...properties.keys()].find((key) => RECORDS.includes(key));
  if (recording !== undefined) {
    throw refused(value, "a run can be repeated, but is not recorded", `leave ${recording}= out`);
  }
  rejectUnknownProperties("icount", properties, KNOWN);
  if (parseSwitch("icount", "align", properties.get("align") ?? "off")) {
    throw refused(value, "counted time is not held back to real time", "leave align= out");
  }
  const shift = parseShift(value, properties.get("shift") ?? head);
  return { shift, sleep: parseSwitch("icount", "sleep", properties.get("sleep") ?? "on") };
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
