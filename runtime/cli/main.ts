/**
 * The command line program: from words to a machine, its console, and an exit code.
 *
 * Everything that can go wrong before the guest runs is reported as what, cause and fix. The terminal is
 * restored before anything is printed at the end, and the guest's last byte is written before that.
 */

import configuration from "../../deno.json" with { type: "json" };
import { checkRamDisk } from "../loader/ram_disk_check.ts";
import { requirePermission } from "../machine/file_permission.ts";
import type {
  ExitStatus,
  JournalSummary,
  MachineFactory,
  MachineHandle,
} from "../machine/machine_interface.ts";
import {
  type Bios,
  describeMachine,
  type LoadedFile,
  type MachineDescription,
  type MachineOptions,
  type MemoryLoad,
  requireProgram,
  sizeText,
  type SymbolFile,
} from "../machine/options.ts";
import { UserError } from "../machine/user_error.ts";
import { type Connections, connectionsOf } from "./console_flags.ts";
import { ConsoleSession, type HostConsole, type SessionSettings } from "./console_session.ts";
import { consoleRequests, devicesOf } from "./device_flags.ts";
import { ExitCode, exitCodeOf } from "./exit_code.ts";
import { type CommandLine, parseCommandLine } from "./flags.ts";
import { debugHelpText, helpText } from "./help_text.ts";
import { type CarriedConsole, HostConsoles } from "./host_consoles.ts";
import { printText, readInput, writeOutput } from "./input_files.ts";
import type { LoadRequest } from "./loader_device.ts";
import { ReportFiles } from "./report_files.ts";
import { statisticsTable } from "./statistics_table.ts";
import { StatusLine } from "./status_line.ts";
import type { SymbolRequest } from "./symbol_file.ts";
import { onEndingSignal, onUncaught, onWindowSize, Terminal } from "./terminal.ts";
import { UsageError } from "./usage_error.ts";

/** The first word of a command line that is about images, and not about a machine. */
const IMG_COMMAND = "img";

/** Runs the program with the given words and returns the exit code. The caller ends the process with it. */
export async function main(args: string[], machines?: MachineFactory): Promise<number> {
  if (args[0] === IMG_COMMAND) return await runImgCommand(args.slice(1));
  try {
    const line = parseCommandLine(args);
    const text = requestedText(line);
    if (text !== undefined) {
      await printText(text);
      return ExitCode.SUCCESS;
    }
    return await runCommandLine(line, machines ?? await defaultMachines());
  } catch (error) {
    return reportError(error);
  }
}

/** Codes from 2 on say what a check has found: whatever else goes wrong ends with 1. */
async function runImgCommand(args: string[]): Promise<number> {
  try {
    const { runImg } = await import("./img/img_command.ts");
    let text = "";
    const isTerminal = Deno.stdout.isTerminal();
    const print = (part: string): void => {
      if (isTerminal) Deno.stdout.writeSync(new TextEncoder().encode(part));
      else text += part;
    };
    const code = await runImg(args, print);
    await printText(text);
    return code;
  } catch (error) {
    reportError(error);
    return ExitCode.CONFIGURATION;
  }
}

/** Text that the command line asks for in place of a machine. */
function requestedText(line: CommandLine): string | undefined {
  if (line.help) return helpText(configuration.version);
  if (line.version) return `weft ${configuration.version}\n`;
  if (line.debugHelp) return debugHelpText();
  return undefined;
}

/** The real machine, loaded only when there is something to run. */
async function defaultMachines(): Promise<MachineFactory> {
  return await import("../machine/machine.ts");
}

async function runCommandLine(line: CommandLine, machines: MachineFactory): Promise<number> {
  const connections = connectionsOf(line, consoleRequests(line));
  const description = describeMachine(await readOptions(line));
  if (line.dumpDeviceTree !== undefined) {
    const blob = await machines.deviceTree(description);
    await writeOutput(`-M dumpdtb=${line.dumpDeviceTree}`, line.dumpDeviceTree, blob);
    return ExitCode.SUCCESS;
  }
  requireProgram(description);
  if (line.debugFile !== undefined) {
    await requirePermission("write", line.debugFile, `-D ${line.debugFile}`);
  }
  const reports = await ReportFiles.open(line, say);
  await warnOfRamDisk(description);
  return await runMachine({ line, description, connections, machines, reports });
}

/** A RAM disk that looks wrong is passed on all the same: only the guest knows. */
async function warnOfRamDisk({ initrd }: MachineDescription): Promise<void> {
  const complaint = initrd && await checkRamDisk(initrd);
  if (complaint === undefined) return;
  say(`weft: warning: ${complaint.what}\n  cause: ${complaint.cause}\n  fix: ${complaint.fix}\n`);
}

async function readOptions(line: CommandLine): Promise<MachineOptions> {
  return {
    ...given("machine", line.machine),
    ...given("aia", line.aia),
    ...given("harts", line.harts),
    ...given("memoryBytes", line.memoryBytes),
    ...given("kernel", await readIfNamed("kernel", line.kernel)),
    ...given("initrd", await readIfNamed("initrd", line.initrd)),
    ...given("bios", await readBios(line.bios)),
    ...given("dtb", await readIfNamed("dtb", line.dtb)),
    ...given("loads", await readLoads(line.loads)),
    ...given("append", line.append),
    ...devicesOf(line),
    ...given("cpuModel", line.cpuModel),
    ...given("cpu", line.cpu),
    accel: {
      ...given("thread", line.thread),
      ...given("threads", line.threads),
      ...given("icount", line.icount),
      ...given("check", line.check),
      ...given("hostOrder", line.hostOrder),
      ...given("encoder", line.encoder),
      ...given("codeBytes", line.codeBytes),
      ...given("unsafePlainLoads", line.unsafePlainLoads),
      ...given("bql", line.bql),
      ...given("llsc", line.llsc),
      ...given("codeCache", line.codeCache),
      ...given("passes", line.passes),
    },
    debug: { ...given("categories", line.debugCategories), ...given("file", line.debugFile) },
    noReboot: line.noReboot ?? false,
    statistics: line.statistics ?? false,
    profile: line.profile !== undefined,
    jitMap: line.jitMap !== undefined,
    trace: line.trace !== undefined,
    ...given("watchdogSeconds", line.watchdogSeconds),
    ...given("symbols", await readSymbolFiles(line.symbols)),
  };
}

/** A property that is left out, not set to undefined, when nothing was said. */
function given<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): { [K in Key]?: Value } {
  const properties: { [K in Key]?: Value } = {};
  if (value !== undefined) properties[key] = value;
  return properties;
}

async function readIfNamed(flag: string, path: string | undefined): Promise<
  LoadedFile | undefined
> {
  return path === undefined ? undefined : await readInput(`-${flag} ${path}`, path);
}

async function readBios(bios: string | undefined): Promise<Bios | undefined> {
  return bios === undefined || bios === "default" || bios === "none"
    ? bios
    : await readInput(`-bios ${bios}`, bios);
}

async function readLoads(
  requests: readonly LoadRequest[] | undefined,
): Promise<MemoryLoad[] | undefined> {
  if (requests === undefined) return undefined;
  const loads: MemoryLoad[] = [];
  for (const request of requests) {
    if (!("path" in request)) {
      loads.push(request);
      continue;
    }
    const { path, ...load } = request;
    loads.push({ ...load, file: await readInput(`-device loader,file=${path}`, path) });
  }
  return loads;
}

async function readSymbolFiles(
  requests: readonly SymbolRequest[] | undefined,
): Promise<SymbolFile[] | undefined> {
  if (requests === undefined) return undefined;
  const files: SymbolFile[] = [];
  for (const { path, address } of requests) {
    files.push({ file: await readInput(`-symbols ${path}`, path), address });
  }
  return files;
}

/** What a run is made of. */
interface RunParts {
  readonly line: CommandLine;
  readonly description: MachineDescription;
  readonly connections: Connections;
  readonly machines: MachineFactory;
  readonly reports: ReportFiles;
}

/** Runs a machine on this process's console until it ends or the process is told to. */
async function runMachine(
  { line, description, connections, machines, reports }: RunParts,
): Promise<number> {
  using cleanup = new DisposableStack();
  const consoles = new HostConsoles(connections);
  cleanup.defer(() => consoles.close());
  await consoles.open(say);
  const { keyMode } = consoles;
  const status = new StatusLine({ isTerminal: () => Deno.stderr.isTerminal(), draw: say });
  status.show(startMessage(description, keyMode === "raw"));
  cleanup.defer(() => status.clear());
  const machine = await machines.createMachine(description);
  const terminal = keyMode === undefined ? undefined : Terminal.open(keyMode);
  cleanup.defer(() => terminal?.restore());
  const leave = (code: number): never => {
    cleanup.dispose();
    reports.write(machine);
    Deno.exit(code);
  };
  cleanup.defer(onEndingSignal(stoppingFirst(machine, leave)));
  cleanup.defer(onUncaught((error) => {
    terminal?.restore();
    status.clear();
    leave(reportError(error));
  }));
  const isReplay = description.accel.icount?.rr === "replay";
  const onTerminal = consoles.onTerminal(machine);
  cleanup.defer(
    onWindowSize(({ columns, rows }) =>
      onTerminal.forEach(({ console }) => console.resize(columns, rows))
    ),
  );
  const session = { consoles: onTerminal, hasKeys: keyMode === "raw", isReplay };
  const elsewhere = consoles.elsewhere(machine);
  const ended = await runSession({ machine, status, session, elsewhere });
  const statistics = line.statistics ? machine.stats() : undefined;
  cleanup.dispose();
  reports.write(machine);
  if (statistics !== undefined) say(statisticsTable(statistics));
  if (ended.message !== undefined) say(`weft: ${ended.reason}: ${ended.message}\n`);
  if (ended.journal !== undefined) say(journalLine(ended.journal));
  return exitCodeOf(ended);
}

/** Lets a machine close its disks before the program leaves for a signal; a second signal is not kept waiting. */
function stoppingFirst(machine: MachineHandle, leave: (code: number) => void) {
  let isStopping = false;
  return (code: number): void => {
    if (isStopping) return leave(code);
    isStopping = true;
    machine.stop().finally(() => leave(code));
  };
}

/** What a session is made of. */
interface SessionParts {
  readonly machine: MachineHandle;
  readonly status: StatusLine;
  /** What the terminal carries. */
  readonly session: SessionSettings;
  /** Consoles that are connected with something else. */
  readonly elsewhere: readonly CarriedConsole[];
}

/** From the start of the machine to its end and its last byte of output. */
async function runSession(
  { machine, status, session, elsewhere }: SessionParts,
): Promise<ExitStatus> {
  const abandoned = Promise.withResolvers<ExitStatus>();
  let quitRequests = 0;
  const firstOutput = (): void => status.clear();
  const terminal = new ConsoleSession(machine, hostConsole(), {
    firstOutput,
    quit: () => {
      quitRequests++;
      if (quitRequests === 1) void machine.stop();
      else abandoned.resolve({ reason: "stopped", code: 0, message: "it did not stop by itself" });
    },
  }, session);
  const flushed = Promise.all([
    terminal.run(),
    ...elsewhere.map(({ console, device }) => device.run(console, firstOutput)),
  ]);
  await machine.start();
  const finished = Promise.all([machine.exited, flushed]).then(([ended]) => ended);
  return await Promise.race([finished, abandoned.promise]);
}

/** The same numbers at the end of a recording and of its replay. */
function journalLine({ mode, file, instructions, events, hash }: JournalSummary): string {
  const done = mode === "record" ? "recorded" : "replayed";
  return `weft: ${done} ${instructions} instructions, ${events} events, hash ${hash}: ${file}\n`;
}

function startMessage(description: MachineDescription, withKeys: boolean): string {
  const { machine, harts, memoryBytes } = description;
  const size = `${harts} hart${harts === 1 ? "" : "s"}, ${sizeText(memoryBytes)}`;
  return `starting ${machine}, ${size}${withKeys ? "; Ctrl-A x ends it" : ""}`;
}

function hostConsole(): HostConsole {
  return {
    read: (buffer) => Deno.stdin.read(buffer),
    write: (bytes) => Deno.stdout.write(bytes),
    say: (text) => say(text.replaceAll("\n", "\r\n")),
  };
}

/** Standard error that is closed or hung up loses the message: the guest runs on. */
function say(text: string): void {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let done = 0; done < bytes.length;) done += Deno.stderr.writeSync(bytes.subarray(done));
  } catch {
    return;
  }
}

/** Tells the user about an error and says which exit code it means. */
function reportError(error: unknown): number {
  if (error instanceof UserError) {
    say(`weft: ${error.what}\n  cause: ${error.cause}\n  fix: ${error.fix}\n`);
    return error instanceof UsageError ? ExitCode.USAGE : ExitCode.CONFIGURATION;
  }
  const detail = error instanceof Error ? error.stack ?? error.message : String(error);
  say(`weft: internal error: ${detail}\n`);
  return ExitCode.INTERNAL;
}
