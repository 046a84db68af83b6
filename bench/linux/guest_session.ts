// Runs the benchmark program inside Linux on one emulator, and takes the emulator's CPU time around each item.

import { TextLineStream } from "./text_lines.ts";
import { guestFiles } from "../../tests/tools/guest.ts";
import { withAppendedArchive } from "../../tests/tools/guest/appended_archive.ts";
import type { Engine } from "../engines.ts";
import { LINUX_BENCH_ELF } from "./items.ts";
import { processTime } from "./process_time.ts";
import { parseProgramLine, type ProgramLine } from "./program_output.ts";

const EXECUTABLE = 0o755;
const MEMORY = "512M";
const SCRIPT = "bench.sh";
const APPEND = `console=ttyS0 cryptomgr.notests weft.run=script:/${SCRIPT}`;
const TIMEOUT_MS = 900_000;
const ENDED_WELL = "RUN-EXIT 0";

/** What the program said of an item, and the emulator's CPU time since the item began. */
export interface SessionLine {
  readonly line: ProgramLine;
  readonly cpuMs: number | undefined;
}

/** One boot: command lines of the benchmark program, in order. */
export interface Session {
  readonly engine: Engine;
  readonly harts: number;
  readonly commands: readonly string[];
}

async function writeInitrd(path: string, commands: readonly string[]): Promise<void> {
  const script = commands.map((command) => `linux_bench ${command} || exit 1\n`).join("");
  const base = await Deno.readFile(guestFiles().initrd);
  await Deno.writeFile(
    path,
    withAppendedArchive(base, [
      {
        kind: "file",
        path: "bin/linux_bench",
        mode: EXECUTABLE,
        content: await Deno.readFile(LINUX_BENCH_ELF),
      },
      {
        kind: "file",
        path: SCRIPT,
        mode: EXECUTABLE,
        content: new TextEncoder().encode(script),
      },
    ]),
  );
}

/** Collects the program's lines from a console; `cpuTime` is asked as each arrives. */
async function collect(
  lines: ReadableStream<string>,
  cpuTime: () => Promise<number | undefined>,
): Promise<{ said: SessionLine[]; console: string }> {
  const said: SessionLine[] = [];
  const console: string[] = [];
  let began: number | undefined;
  for await (const text of lines) {
    console.push(text);
    const line = parseProgramLine(text);
    if (line === undefined) continue;
    const now = await cpuTime();
    if (line.kind === "begin") began = now;
    const cpuMs = now === undefined || began === undefined ? undefined : now - began;
    if (line.kind !== "begin") said.push({ line, cpuMs });
  }
  return { said, console: console.join("\n") };
}

/** Boots Linux, runs the commands, powers off; throws unless each ended well. */
export async function runSession({ engine, harts, commands }: Session): Promise<SessionLine[]> {
  const initrd = await Deno.makeTempFile({ prefix: "linux-bench-", suffix: ".cpio" });
  try {
    await writeInitrd(initrd, commands);
    const files = { kernel: guestFiles().kernel, initrd, append: APPEND, memory: MEMORY };
    const { command, args, env = {} } = engine.boot(files, harts);
    const child = new Deno.Command(command, {
      ...{ args: [...args], env, stdin: "null", stdout: "piped", stderr: "inherit" },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).spawn();
    const { said, console } = await collect(
      child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream()),
      () => processTime(child.pid),
    );
    const { code } = await child.status;
    if (code !== 0 || !console.includes(ENDED_WELL) || said.length !== commands.length) {
      throw new Error(`The benchmark on ${engine.name} ended with ${code}:\n${console}`);
    }
    return said;
  } finally {
    await Deno.remove(initrd);
  }
}
