/** Numbers as QEMU's command line writes them: memory sizes with suffixes, hart counts with topology. */

import { parseByteCount } from "../machine/byte_count.ts";
import { parsePropertyList, rejectUnknownProperties } from "./property_list.ts";
import { UsageError } from "./usage_error.ts";

const MEBIBYTE = 1024 * 1024;

/** Bytes of `-m 512`, `-m 1.5G`, `-m size=2G`. A number without a suffix counts MiB. */
export function parseMemory(text: string): number {
  const { head, properties } = parsePropertyList("m", text);
  rejectUnknownProperties("m", properties, ["size"]);
  const size = properties.get("size") ?? head ?? "";
  const bytes = parseByteCount(size);
  if (bytes === undefined) {
    throw new UsageError({
      what: `-m ${text}`,
      cause: `"${size}" is not a memory size`,
      fix: "write a number of MiB, or a number with K, M, G or T: -m 512M",
    });
  }
  return bytes;
}

/** Bytes of a property that counts MiB: a whole number, more than 0. */
export function parseMebibytes(flag: string, property: string, text: string): number {
  return parseWhole(`-${flag} ...,${property}`, text, "MiB", `${property}=256`) * MEBIBYTE;
}

/** A property that counts threads: a whole number, more than 0. */
export function parseThreads(flag: string, property: string, text: string): number {
  return parseWhole(`-${flag} ...,${property}`, text, "threads", `${property}=4`);
}

function parseWhole(property: string, text: string, unit: string, example: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new UsageError({
    what: `${property}=${text}`,
    cause: `its value is a whole number of ${unit}, more than 0`,
    fix: `write ${example}`,
  });
}

/** A property that is a number of something: a whole one, from 0 on. */
export function parseNumber(flag: string, property: string, text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new UsageError({
    what: `-${flag} ...,${property}=${text}`,
    cause: "its value is a whole number",
    fix: `write ${property}=1`,
  });
}

/** A number of seconds, more than 0. */
export function parseSeconds(flag: string, text: string): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (seconds > 0) return seconds;
  throw new UsageError({
    what: `-${flag} ${text}`,
    cause: "its value is a number of seconds, more than 0",
    fix: `write -${flag} 60`,
  });
}

/** Levels of `-smp`'s topology: their product is the number of CPUs. */
const TOPOLOGY = ["sockets", "dies", "clusters", "cores", "threads"] as const;
const SMP_KEYS = ["cpus", "maxcpus", ...TOPOLOGY] as const;

/** Harts of `-smp 4`, `-smp cpus=4`, `-smp 4,sockets=1,cores=4,threads=1`. */
export function parseSmp(text: string): number {
  const { head, properties } = parsePropertyList("smp", text);
  rejectUnknownProperties("smp", properties, SMP_KEYS);
  const numbers = new Map<string, number>();
  if (head !== undefined || properties.size === 0) {
    numbers.set("cpus", parseCount(text, head ?? ""));
  }
  for (const [key, value] of properties) numbers.set(key, parseCount(text, value));
  const levels = TOPOLOGY.filter((level) => numbers.has(level));
  const product = levels.reduce((cpus, level) => cpus * (numbers.get(level) ?? 1), 1);
  const cpus = numbers.get("cpus") ?? numbers.get("maxcpus") ?? product;
  checkTopology(text, cpus, product, numbers.get("maxcpus") ?? cpus);
  return cpus;
}

function parseCount(text: string, digits: string): number {
  if (/^[0-9]{1,9}$/.test(digits)) return Number(digits);
  throw new UsageError({
    what: `-smp ${text}`,
    cause: `"${digits}" is not a whole number`,
    fix: "write -smp N",
  });
}

function checkTopology(text: string, cpus: number, product: number, maximum: number): void {
  if (maximum !== cpus) {
    throw new UsageError({
      what: `-smp ${text}`,
      cause: `maxcpus=${maximum} differs from ${cpus} CPUs, and CPUs cannot be added later`,
      fix: `write maxcpus=${cpus} or leave it out`,
    });
  }
  if (cpus % product !== 0) {
    throw new UsageError({
      what: `-smp ${text}`,
      cause: `the topology makes ${product} CPUs, not ${cpus}`,
      fix: `write -smp ${cpus}`,
    });
  }
}
