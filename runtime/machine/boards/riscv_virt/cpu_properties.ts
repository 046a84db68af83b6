/**
 * CPU models and properties of the RISC-V boards (`-cpu MODEL,NAME=on|off`): which exist, which extensions a
 * hart has with them, and the guest that follows. Decoder and device tree are made from one list, so that what
 * is advertised is what works.
 */

import type { GuestFrontend } from "../../../../frontend/frontend.ts";
import { ConfigurationError, type CpuChoice } from "../../options.ts";

/** An extension that can be switched. */
interface SwitchableExtension {
  /** Name, and property. */
  readonly name: string;
  /** Does a hart of model `rv64` have it? `max` has all but restrictions. */
  readonly isUsual: boolean;
  /** Does it take something from a hart? */
  readonly isRestriction?: boolean;
  /** What it means nothing without. */
  readonly needs?: string;
  /** What it goes with where nobody has switched it: has it exactly when that is there. */
  readonly follows?: string;
}

/** Model `rv64` has what QEMU's has, as far as it exists here, and a few that cost nothing. */
const SWITCHABLE: readonly SwitchableExtension[] = [
  { name: "m", isUsual: true },
  { name: "a", isUsual: true },
  { name: "f", isUsual: true, needs: "zicsr" },
  { name: "d", isUsual: true, needs: "f" },
  { name: "c", isUsual: true },
  { name: "zicbom", isUsual: true },
  { name: "zicbop", isUsual: true },
  { name: "zicboz", isUsual: true },
  { name: "zicond", isUsual: true },
  { name: "zicsr", isUsual: true },
  { name: "zifencei", isUsual: true },
  { name: "zihintpause", isUsual: true },
  { name: "zimop", isUsual: false },
  { name: "zawrs", isUsual: true },
  { name: "zfa", isUsual: true, needs: "f" },
  { name: "zfh", isUsual: false, needs: "zfhmin" },
  { name: "zfhmin", isUsual: false, needs: "f", follows: "zfh" },
  { name: "zcb", isUsual: false, needs: "c" },
  { name: "zcmop", isUsual: false, needs: "c" },
  { name: "zba", isUsual: true },
  { name: "zbb", isUsual: true },
  { name: "zbc", isUsual: true },
  { name: "zbkb", isUsual: false },
  { name: "zbkc", isUsual: false },
  { name: "zbkx", isUsual: false },
  { name: "zbs", isUsual: true },
  { name: "zknd", isUsual: false },
  { name: "zkne", isUsual: false },
  { name: "zknh", isUsual: false },
  { name: "zksed", isUsual: false },
  { name: "zksh", isUsual: false },
  { name: "svade", isUsual: false, isRestriction: true },
  { name: "svadu", isUsual: true },
  { name: "svinval", isUsual: true },
  { name: "svnapot", isUsual: true },
  { name: "svpbmt", isUsual: true },
];

/** Properties that switch several extensions, those that are named themselves excepted. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  zkn: ["zbkb", "zbkc", "zbkx", "zknd", "zkne", "zknh"],
  zks: ["zbkb", "zbkc", "zbkx", "zksed", "zksh"],
};

/** Decoder rows that every hart has: the base and the privileged instructions. */
const ALWAYS_DECODED: readonly string[] = ["i", "machine", "supervisor"];

/** Extensions that every hart has and that no decoder row shows. */
const ALWAYS_ADVERTISED: readonly string[] = ["zicntr", "sstc"];

/** The property for five-level page tables. */
const FIVE_LEVELS = "sv57";
/** The property, and extension, for total store order. */
const TOTAL_STORE_ORDER = "ztso";

/** The model that has everything. */
const MAX = "max";

/** Every property that exists. */
export const CPU_PROPERTIES: readonly string[] = [
  ...SWITCHABLE.map(({ name }) => name),
  ...Object.keys(GROUPS),
  FIVE_LEVELS,
  TOTAL_STORE_ORDER,
];

/** Throws {@linkcode ConfigurationError} when there is no such CPU. */
export function checkCpu(cpu: CpuChoice): void {
  switchedOn(cpu);
}

/**
 * The guest with this CPU. Rejects with {@linkcode ConfigurationError}.
 * @param boards extensions that the board gives its harts
 */
export async function loadRiscvFrontend(
  cpu: CpuChoice,
  boards: readonly string[] = [],
): Promise<GuestFrontend> {
  const extensions = new Set([...ALWAYS_DECODED, ...switchedOn(cpu), ...boards]);
  const { RiscvFrontend } = await import("../../../../frontend/riscv/riscv_frontend.ts");
  return new RiscvFrontend({
    extensions,
    sv57: hasFiveLevels(cpu),
    ztso: hasTotalStoreOrder(cpu),
  });
}

/** Names for the device tree. Throws {@linkcode ConfigurationError}. */
export function advertisedExtensions(cpu: CpuChoice): string[] {
  const order = hasTotalStoreOrder(cpu) ? [TOTAL_STORE_ORDER] : [];
  return ["i", ...switchedOn(cpu), ...ALWAYS_ADVERTISED, ...order];
}

/** Only where it is asked for, `max` included: it takes freedom from the host and gives a guest nothing new. */
function hasTotalStoreOrder({ properties }: CpuChoice): boolean {
  return properties[TOTAL_STORE_ORDER] ?? false;
}

/** Flag of an ELF file whose code relies on total store order. */
const ELF_TOTAL_STORE_ORDER = 0x10;

/** Properties that a program with these ELF flags asks for: "RISC-V ELF Specification", "File Header". */
export function programProperties(elfFlags: number): Readonly<Record<string, boolean>> {
  return (elfFlags & ELF_TOTAL_STORE_ORDER) === 0 ? {} : { [TOTAL_STORE_ORDER]: true };
}

/** The largest address translation, as the device tree names it. */
export function mmuType(cpu: CpuChoice): string {
  return hasFiveLevels(cpu) ? "riscv,sv57" : "riscv,sv48";
}

function hasFiveLevels({ model, properties }: CpuChoice): boolean {
  return properties[FIVE_LEVELS] ?? model === MAX;
}

/** How each extension is switched by name or by a group; undefined where it is not. */
function switches({ properties }: CpuChoice): Map<string, boolean> {
  const settings = new Map<string, boolean>();
  for (const [group, members] of Object.entries(GROUPS)) {
    const setting = properties[group];
    if (setting === undefined) continue;
    for (const member of members) settings.set(member, setting || settings.get(member) === true);
  }
  for (const { name } of SWITCHABLE) {
    const setting = properties[name];
    if (setting !== undefined) settings.set(name, setting);
  }
  return settings;
}

function switchedOn(cpu: CpuChoice): string[] {
  checkNames(cpu);
  const settings = switches(cpu);
  const isAll = cpu.model === MAX;
  const on = new Set<string>();
  for (const { name, isUsual, isRestriction = false, follows } of SWITCHABLE) {
    const isIncluded = isUsual || (isAll && !isRestriction);
    const isModels = isIncluded || (follows !== undefined && on.has(follows));
    if (settings.get(name) ?? isModels) on.add(name);
  }
  return checkedNeeds(on, settings, cpu);
}

/** Leaves out what nobody asked for and what it needs is not there. */
function checkedNeeds(
  on: ReadonlySet<string>,
  settings: ReadonlyMap<string, boolean>,
  { model }: CpuChoice,
): string[] {
  const kept = new Set(on);
  for (let before = 0; before !== kept.size;) {
    before = kept.size;
    for (const { name, needs } of SWITCHABLE) {
      if (needs === undefined || !kept.has(name) || kept.has(needs)) continue;
      const isBase = name.length === 1;
      if (isBase || settings.get(name) === true) throw missing(model, name, needs);
      kept.delete(name);
    }
  }
  return [...kept];
}

function checkNames({ model, properties }: CpuChoice): void {
  for (const name of Object.keys(properties)) {
    if (CPU_PROPERTIES.includes(name)) continue;
    throw new ConfigurationError({
      what: `-cpu ${model},${name}=${properties[name] ? "on" : "off"}`,
      cause: `the CPU has no property "${name}"`,
      fix: `use one of: ${CPU_PROPERTIES.join(", ")}`,
    });
  }
}

function missing(model: string, extension: string, needed: string): ConfigurationError {
  return new ConfigurationError({
    what: `-cpu ${model},${needed}=off`,
    cause: `extension "${extension}" needs "${needed}"`,
    fix: `add ${extension}=off`,
  });
}
