// CPU time of a process that still runs, ended threads included: the kernel's documentation, "/proc/PID/stat".

const MILLISECONDS = 1000;
/** Ticks are what the kernel shows to programs, 100 a second on every architecture that Deno runs on. */
const TICKS_PER_SECOND = 100;
/** Places behind the command's name, which is in parentheses and may hold anything. */
const USER_TICKS = 11;
const SYSTEM_TICKS = 12;

/** User plus system time in the text of `/proc/PID/stat`. */
export function parseProcessTime(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[USER_TICKS]) + Number(fields[SYSTEM_TICKS]);
  if (!Number.isFinite(ticks)) throw new Error(`not a process status: ${stat}`);
  return ticks * MILLISECONDS / TICKS_PER_SECOND;
}

/** CPU milliseconds of a process so far, or undefined on a host that does not tell. */
export async function processTime(pid: number): Promise<number | undefined> {
  try {
    return parseProcessTime(await Deno.readTextFile(`/proc/${pid}/stat`));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
