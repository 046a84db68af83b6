// Runs one guest program on one emulator in a process of its own, as a user would.

import { fileURLToPath } from "node:url";
import { type GuestParameters, readGuestElf } from "./guest_elf.ts";
import { GUEST_PROGRAMS, type GuestBoard } from "./guest_programs.ts";

/** Emulators a guest can run on; QEMU shows that the guest itself is right. */
export const RUN_ENGINES = ["weft", "qemu"] as const;

/** Name of an emulator. */
export type RunEngine = (typeof RUN_ENGINES)[number];

/** What to run, and how. */
export interface GuestRun {
  readonly name: string;
  readonly board: GuestBoard;
  readonly harts: number;
  readonly engine: RunEngine;
  readonly timeoutSeconds: number;
  readonly parameters?: GuestParameters;
  /** More flags for the emulator. */
  readonly flags?: readonly string[];
}

/** How a run ended. */
export interface GuestOutcome {
  /** The emulator's exit code; `timeout` uses 124 for a run it stopped. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const MAIN = fileURLToPath(new URL("../../mod.ts", import.meta.url));
const KILL_GRACE_SECONDS = 2;

function emulatorCommand(engine: RunEngine): readonly string[] {
  return engine === "qemu" ? ["qemu-system-riscv64"] : [Deno.execPath(), "run", "-A", MAIN];
}

/** The emulator's flags for a guest on its board. */
export function machineFlags(board: GuestBoard, harts: number, elf: string): string[] {
  return ["-M", board, "-bios", "none", "-nographic", "-smp", String(harts), "-kernel", elf];
}

/** What QEMU 7.2 calls a property. */
const QEMU_PROPERTIES: Readonly<Record<string, string>> = { zfh: "Zfh" };

function cpuFlags(engine: RunEngine, name: string): string[] {
  const { extensions = [] } = GUEST_PROGRAMS.find((program) => program.name === name) ?? {};
  if (extensions.length === 0) return [];
  const known = extensions.map((each) => engine === "qemu" ? QEMU_PROPERTIES[each] ?? each : each);
  return ["-cpu", ["rv64", ...known.map((each) => `${each}=on`)].join(",")];
}

/** Runs a guest to its end. The hart count is written into it, so no device tree is needed. */
export async function runGuest(run: GuestRun): Promise<GuestOutcome> {
  const { name, board, harts } = run;
  const elf = await readGuestElf(name, board, { harts, ...run.parameters });
  const file = await Deno.makeTempFile({ prefix: `${name}-`, suffix: ".elf" });
  try {
    await Deno.writeFile(file, elf);
    const { code, stdout, stderr } = await new Deno.Command("timeout", {
      args: [
        `--kill-after=${KILL_GRACE_SECONDS}`,
        String(run.timeoutSeconds),
        ...emulatorCommand(run.engine),
        ...machineFlags(board, harts, file),
        ...cpuFlags(run.engine, name),
        ...(run.flags ?? []),
      ],
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    return { exitCode: code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  } finally {
    await Deno.remove(file);
  }
}
