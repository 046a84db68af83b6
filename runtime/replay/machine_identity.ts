/**
 * What a machine is made of, as far as a run depends on it: the header of a log. A replay with anything else is
 * refused, and told what differs.
 *
 * How guest code is translated is not part of it, nor whether time sleeps: a run is the same in all tiers, and a
 * replay does not wait.
 */
import configuration from "../../deno.json" with { type: "json" };
import {
  boardName,
  type LoadedFile,
  type MachineDescription,
  type MemoryLoad,
} from "../machine/options.ts";

/** Names and values; files are the hash of their content. */
export type MachineIdentity = Readonly<Record<string, string>>;

const SHOWN_DIGITS = 16;
const HEX = 16;

/** The identity of a described machine. */
export async function machineIdentity(description: MachineDescription): Promise<MachineIdentity> {
  const { machine, harts, memoryBytes, kernel, initrd, bios, dtb, append, cpu } = description;
  const properties = Object.entries(cpu.properties).map(([name, on]) => `${name}=${on}`);
  const loads = await Promise.all(description.loads.map(loadText));
  return {
    "emulator": configuration.version,
    "board": boardName(machine, description.aia),
    "harts": `${harts}`,
    "memory": `${memoryBytes}`,
    "cpu": [cpu.model, ...properties.toSorted()].join(","),
    "shift": `${description.accel.icount?.shift}`,
    "kernel": await fileText(kernel),
    "initrd": await fileText(initrd),
    "firmware": typeof bios === "string" ? bios : await fileText(bios),
    "device tree": await fileText(dtb),
    "loaded files": loads.join(" "),
    "kernel command line": append,
    "no-reboot": `${description.noReboot}`,
    "generation ID": description.generationId ?? "",
  };
}

/** What differs between the machine that was recorded and this one; empty when nothing does. */
export function differences(recorded: MachineIdentity, present: MachineIdentity): string[] {
  const names = new Set([...Object.keys(recorded), ...Object.keys(present)]);
  return [...names].filter((name) => recorded[name] !== present[name]).map((name) =>
    `${name}: recorded ${shown(recorded[name])}, now ${shown(present[name])}`
  );
}

function shown(value: string | undefined): string {
  return value === undefined || value === "" ? "none" : value;
}

async function fileText(file: LoadedFile | undefined): Promise<string> {
  return file === undefined ? "" : await contentText(file.bytes);
}

/** Length and the beginning of a SHA-256: people compare it by eye. */
async function contentText(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(bytes)));
  return `${bytes.length} bytes sha256 ${digest.toHex().slice(0, SHOWN_DIGITS)}`;
}

async function loadText(load: MemoryLoad): Promise<string> {
  const hart = "hart" in load && load.hart !== undefined ? ` hart ${load.hart}` : "";
  const at = `at 0x${load.address.toString(HEX)}${hart}`;
  if ("file" in load) return `${await contentText(load.file.bytes)} ${at} raw ${load.raw === true}`;
  return "bytes" in load ? `${await contentText(load.bytes)} ${at}` : at;
}
