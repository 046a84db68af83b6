/**
 * The command line program around a machine double, so that consoles, signals and exit codes are tested
 * without a guest. The double prints a greeting with its description, echoes its input, prints each change
 * of its terminal's size, and obeys single bytes: `Q` powers off, `R` resets, `7` exits with 7, `P` panics, `E` fails inside, `T` throws where
 * nothing catches, `J` rejects where nothing catches, `O` breaks the output, `W` prints a megabyte. With
 * `-append unbuildable` it cannot be built.
 */

import { main } from "../../runtime/cli/main.ts";
import type {
  ConsoleSize,
  ExitStatus,
  MachineFactory,
  MachineHandle,
  MachineState,
} from "../../runtime/machine/machine_interface.ts";
import type { MachineDescription } from "../../runtime/machine/options.ts";

const text = new TextEncoder();
const MEGABYTE_LINE = "0123456789abcdef".repeat(64);

const STREAM_TURNS = 20;

const ENDINGS: Readonly<Record<string, ExitStatus>> = {
  Q: { reason: "power-off", code: 0 },
  R: { reason: "reset", code: 0 },
  7: { reason: "guest-exit", code: 7 },
  P: { reason: "panic", code: 0, message: "Attempted to kill init" },
  E: { reason: "internal-error", code: 0, message: "a region differs from the cold tier" },
};

function echoMachine(description: MachineDescription): MachineHandle {
  const ended = Promise.withResolvers<ExitStatus>();
  let state: MachineState = "created";
  let size: ConsoleSize | undefined;
  const output = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>();
  const writer = output.writable.getWriter();
  const print = (bytes: Uint8Array<ArrayBuffer>): void => void writer.write(bytes);
  const end = (status: ExitStatus): Promise<ExitStatus> => {
    void writer.close();
    ended.resolve(status);
    state = "ended";
    return ended.promise;
  };
  const obey = (key: string): void => {
    if (key === "T") queueMicrotask(() => throwUncaught());
    if (key === "J") void Promise.reject(new Error("nothing awaits this"));
    if (key === "O") void writer.abort(new Error("the output broke"));
    if (key === "W") { for (let n = 0; n < 1024; n++) print(text.encode(MEGABYTE_LINE)); }
    if (key in ENDINGS) void end(ENDINGS[key]);
  };
  return {
    driveError: undefined,
    onDriveError: () => {},
    start: () => {
      print(text.encode(`[${description.machine} ${description.harts} ${description.append}]`));
      state = "running";
      return Promise.resolve();
    },
    pause: () => {
      state = "paused";
      return Promise.resolve();
    },
    resume: () => {
      state = "running";
      return Promise.resolve();
    },
    reset: () => Promise.resolve(print(text.encode("<reset>"))),
    get state() {
      return state;
    },
    harts: [],
    generationId: null,
    ports: [],
    stop: async () => {
      // What was written before has reached the guest: a stream hands it over in a few turns.
      for (let turn = 0; turn < STREAM_TURNS; turn++) await null;
      return await end({ reason: "stopped", code: 0 });
    },
    exited: ended.promise,
    console: {
      readable: output.readable,
      writable: new WritableStream({
        write: (bytes) => {
          print(bytes.slice());
          for (const key of new TextDecoder().decode(bytes)) obey(key);
        },
      }),
      size: undefined,
      resize: (columns, rows) => {
        if (size !== undefined) print(text.encode(`<${columns}x${rows}>`));
        size = { columns, rows };
      },
    },
    stats: () => ({
      wallSeconds: 2,
      harts: Array.from({ length: description.harts }, () => ({
        activity: "waiting" as const,
        pc: 0x8020_0000n,
        instructions: 50e6,
        hotInstructions: 40e6,
      })),
      regions: 3,
      compiledInstructions: 0,
      modules: 2,
      moduleBytes: 1000,
      cachedRegions: 0,
      uncachedRegions: 0,
      invalidations: 1,
      evictedRegions: 0,
      translations: {
        pageWalks: 5,
        walksAvoided: 10,
        flushesAvoided: 6,
        flushesPartial: 7,
        flushesFull: 8,
        remoteFencesPartial: 12,
        remoteFencesFull: 13,
        instructionFences: 9,
      },
      deviceAccesses: 12,
      locks: [],
      compileMilliseconds: { lift: 1.5 },
      exits: { budget: 9 },
      drives: [],
      networks: [],
      entropy: [],
      consoles: [],
      shares: [],
    }),
    sendBreak: () => print(text.encode("<break>")),
    profile: () => ({
      samplesPerSecond: 997,
      samples: 3,
      idle: 1,
      dropped: 2,
      notes: ["Image: no symbol table"],
      folded: () => "hart 0;idle 1\nhart 0;main 2\n",
      cpuProfile: () => "{}",
      flameGraph: () => "<svg/>",
    }),
    jitMap: () => [],
    trace: () => '{"traceEvents":[]}\n',
  };
}

function throwUncaught(): never {
  throw new Error("nothing catches this");
}

const machines: MachineFactory = {
  createMachine: (description) =>
    description.append === "unbuildable"
      ? Promise.reject(new Error("a worker does not start"))
      : Promise.resolve(echoMachine(description)),
  deviceTree: (description) => Promise.resolve(text.encode(`tree of ${description.machine}`)),
};

if (import.meta.main) Deno.exit(await main(Deno.args, machines));
