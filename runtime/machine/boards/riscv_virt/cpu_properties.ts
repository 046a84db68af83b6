/**
 * CPU properties of the RISC-V boards (`-cpu rv64,NAME=on|off`): which exist, which extensions a hart has with
 * them, and the guest that follows. Decoder and device tree are made from one list, so that what is
 * advertised is what works.
 */

import type { GuestFrontend } from "../../../../frontend/frontend.ts";
import { ConfigurationError } from "../../options.ts";

/** Properties by name: on in the model, or off. */
export type CpuProperties = Readonly<Record<string, boolean>>;

/** Extensions that can be switched off, in the order of the ISA string. */
const SWITCHABLE: readonly string[] = [
  "m",
  "a",
  "f",
  "d",
  "c",
  "zicbom",
  "zicbop",
  "zicboz",
  "zicond",
  "zicsr",
  "zifencei",
  "zihintpause",
  "zawrs",
  "zba",
  "zbb",
  "zbs",
  "svade",
  "svadu",
  "svinval",
  "svnapot",
  "svpbmt",
];

/** Extensions without which another one means nothing. */
const REQUIREMENTS: readonly (readonly [string, string])[] = [
  ["d", "f"],
  ["f", "zicsr"],
];

/** Decoder rows that every hart has: the base and the privileged instructions. */
const ALWAYS_DECODED: readonly string[] = ["i", "machine", "supervisor"];

/** Extensions that every hart has and that no decoder row shows. */
const ALWAYS_ADVERTISED: readonly string[] = ["zicntr", "sstc"];

/** The property for five-level page tables. */
const FIVE_LEVELS = "sv57";

/** The property, and extension, for total store order. */
const TOTAL_STORE_ORDER = "ztso";

/** Properties that are off in the model. */
const OFF_BY_DEFAULT: ReadonlySet<string> = new Set(["svade"]);

/** Every property that exists. */
export const CPU_PROPERTIES: readonly string[] = [...SWITCHABLE, FIVE_LEVELS, TOTAL_STORE_ORDER];

/** Throws {@linkcode ConfigurationError} when there is no CPU with these properties. */
export function checkCpuProperties(properties: CpuProperties): void {
  switchedOn(properties);
}

/** The guest with these properties. Rejects with {@linkcode ConfigurationError}. */
export async function loadRiscvFrontend(properties: CpuProperties): Promise<GuestFrontend> {
  const extensions = new Set([...ALWAYS_DECODED, ...switchedOn(properties)]);
  const { RiscvFrontend } = await import("../../../../frontend/riscv/riscv_frontend.ts");
  return new RiscvFrontend({
    extensions,
    sv57: properties[FIVE_LEVELS] ?? false,
    ztso: properties[TOTAL_STORE_ORDER] ?? false,
  });
}

/** Names for the device tree. Throws {@linkcode ConfigurationError}. */
export function advertisedExtensions(properties: CpuProperties): string[] {
  const order = properties[TOTAL_STORE_ORDER] ? [TOTAL_STORE_ORDER] : [];
  return ["i", ...switchedOn(properties), ...ALWAYS_ADVERTISED, ...order];
}

/** Flag of an ELF file whose code relies on total store order. */
const ELF_TOTAL_STORE_ORDER = 0x10;

/** Properties that a program with these ELF flags asks for: "RISC-V ELF Specification", "File Header". */
export function programProperties(elfFlags: number): CpuProperties {
  return (elfFlags & ELF_TOTAL_STORE_ORDER) === 0 ? {} : { [TOTAL_STORE_ORDER]: true };
}

/** The largest address translation, as the device tree names it. */
export function mmuType(properties: CpuProperties): string {
  return properties[FIVE_LEVELS] ? "riscv,sv57" : "riscv,sv48";
}

function switchedOn(properties: CpuProperties): string[] {
  checkNames(properties);
  const on = SWITCHABLE.filter((name) => properties[name] ?? !OFF_BY_DEFAULT.has(name));
  for (const [extension, needed] of REQUIREMENTS) {
    if (on.includes(extension) && !on.includes(needed)) throw missing(extension, needed);
  }
  return on;
}

function checkNames(properties: CpuProperties): void {
  for (const name of Object.keys(properties)) {
    if (CPU_PROPERTIES.includes(name)) continue;
    throw new ConfigurationError({
      what: `-cpu rv64,${name}=${properties[name] ? "on" : "off"}`,
      cause: `the CPU has no property "${name}"`,
      fix: `use one of: ${CPU_PROPERTIES.join(", ")}`,
    });
  }
}

function missing(extension: string, needed: string): ConfigurationError {
  return new ConfigurationError({
    what: `-cpu rv64,${needed}=off`,
    cause: `extension "${extension}" needs "${needed}"`,
    fix: `add ${extension}=off`,
  });
}
