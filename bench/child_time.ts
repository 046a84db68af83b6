// Runs a command to its end and measures wall time and CPU time (user and system, all threads).
//
// The runtime has no resource usage for children, so a shell's `time` reads it from the kernel when
// the child is reaped; this counts threads that ended before the process did, which polling the
// process table would miss.

const TIME_FIELDS = 3;
const KILL_GRACE_SECONDS = 2;
const MILLISECONDS = 1000;

/** Exit status that `timeout` reports for a command it had to stop. */
const TIMED_OUT = 124;

/** $0 receives the times; the child keeps the caller's streams. */
const TIMING_SCRIPT = `
exec 3>&2
TIMEFORMAT='%3R %3U %3S'
{ time "$@" 2>&3 3>&-; } 2>"$0"
`;

/** What one run of a command took and said. */
export interface TimedRun {
  readonly wallMs: number;
  /** User plus system time of the process with all its threads. */
  readonly cpuMs: number;
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command line and how long it may take. */
export interface TimedCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
}

function parseTimes(text: string): { wallMs: number; cpuMs: number } {
  const fields = text.trim().split(/\s+/).map(Number);
  const [wall, user, system] = fields;
  if (
    fields.length !== TIME_FIELDS || wall === undefined || user === undefined ||
    system === undefined || fields.some(Number.isNaN)
  ) {
    throw new Error(`The shell reported no times: ${JSON.stringify(text)}`);
  }
  return { wallMs: wall * MILLISECONDS, cpuMs: (user + system) * MILLISECONDS };
}

/** Runs a command with empty input; throws when it takes too long. */
export async function runTimed(
  { command, args, env = {}, timeoutSeconds }: TimedCommand,
): Promise<TimedRun> {
  const times = await Deno.makeTempFile({ prefix: "weft-bench-" });
  try {
    const limited = [
      "timeout",
      `--kill-after=${KILL_GRACE_SECONDS}`,
      String(timeoutSeconds),
      command,
      ...args,
    ];
    const { code, stdout, stderr } = await new Deno.Command("bash", {
      args: ["-c", TIMING_SCRIPT, times, ...limited],
      env,
      stdin: "null",
    }).output();
    if (code === TIMED_OUT) {
      throw new Error(`${command} ${args.join(" ")} took over ${timeoutSeconds} s`);
    }
    const decoder = new TextDecoder();
    return {
      ...parseTimes(await Deno.readTextFile(times)),
      exitCode: code,
      stdout: decoder.decode(stdout),
      stderr: decoder.decode(stderr),
    };
  } finally {
    await Deno.remove(times);
  }
}
