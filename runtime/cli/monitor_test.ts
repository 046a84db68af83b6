import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { MachineStateError } from "../machine/machine_error.ts";
import type {
  DriveError,
  Hart,
  MachineState,
  MachineStatistics,
  NetworkStatistics,
} from "../machine/machine_interface.ts";
import { Monitor } from "./monitor.ts";

const STATISTICS: MachineStatistics = {
  wallSeconds: 0,
  harts: [{ activity: "running", pc: 0x10n, instructions: 0, hotInstructions: 0 }],
  regions: 1,
  modules: 2,
  moduleBytes: 3,
  cachedRegions: 0,
  uncachedRegions: 0,
  invalidations: 4,
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
  deviceAccesses: 11,
  locks: [
    { name: "htif", acquisitions: 12, contended: 13, longestHoldMilliseconds: 0.25 },
    {
      name: "exclusive sections",
      acquisitions: 14,
      contended: 0,
      longestHoldMilliseconds: undefined,
    },
  ],
  compiledInstructions: 0,
  compileMilliseconds: {},
  exits: {},
  drives: [],
  networks: [],
  entropy: [],
  consoles: [],
  shares: [],
};

const NETWORK: NetworkStatistics = {
  ...{ framesSent: 1, bytesSent: 2, framesReceived: 3, bytesReceived: 4, dropped: 5 },
  ...{ allowed: 7, refused: 8, doorbells: 9, interrupts: 10 },
};

const REGISTERS: [string, bigint][] = [["pc", 0x8000_0000n], ["zero", 0n], ["ra", 0x12n]];
const HART = { index: 3, registers: () => new Map(REGISTERS) } as unknown as Hart;

const DRIVE_ERROR: DriveError = {
  drive: "d",
  operation: "write",
  cause: "full",
  isNoSpace: true,
  stops: true,
};

const GENERATION = "324e6eaf-d1d1-4bf6-bf41-b9bb6c91fb87";

function session(
  { statistics = STATISTICS, driveError }: {
    statistics?: MachineStatistics;
    driveError?: DriveError;
  } = {},
): { type(keys: string): Promise<string>; readonly calls: string[] } {
  const calls: string[] = [];
  let printed = "";
  let state: MachineState = "running";
  const change = (to: MachineState): Promise<void> => {
    calls.push(to);
    state = to;
    return Promise.resolve();
  };
  const machine = {
    get state() {
      return state;
    },
    get harts() {
      if (state === "paused") return [HART];
      throw new MachineStateError({ what: "registers", cause: "running", fix: "stop first" });
    },
    driveError,
    generationId: GENERATION,
    pause: () => change("paused"),
    resume: () => change("running"),
    reset: () => Promise.resolve(void calls.push("reset")),
    sendBreak: () => calls.push("break"),
    stats: () => statistics,
  };
  const monitor = new Monitor(machine, () => calls.push("quit"), (text) => printed += text);
  monitor.enter();
  return {
    calls,
    type: async (keys) => {
      printed = "";
      await monitor.feed(new TextEncoder().encode(keys));
      return printed;
    },
  };
}

Deno.test("keys are echoed and backspace takes them back", async () => {
  const { type, calls } = session();
  assertEquals(await type("qx\x7f"), "qx\b \b");
  assertEquals(await type("\x08\x08"), "\b \b");
  assertEquals(await type("wrong\x15q\r"), "wrong" + "\b \b".repeat(5) + "q\n(weft) ");
  assertEquals(calls, ["quit"]);
});

Deno.test("info block and info network list the devices that are there", async () => {
  const none = session();
  assertStringIncludes(await none.type("info block\r"), "no disks");
  assertStringIncludes(await none.type("info network\r"), "no network cards");
  const { type } = session({ statistics: { ...STATISTICS, networks: [NETWORK] } });
  assertMatch(await type("info network\r"), /network +7 let out, 8 refused, 5 frames lost/);
});

Deno.test("info vm-generation-id names the machine", async () => {
  assertStringIncludes(await session().type("info vm-generation-id\r"), `\n${GENERATION}\n`);
});

Deno.test("info locks lists the locks that were used", async () => {
  const { type } = session();
  const text = await type("info locks\r");
  assertMatch(text, /device accesses +11\n/);
  assertMatch(text, /lock: htif +12 times, 13 contended, held 0\.250 ms at most\n/);
  assertMatch(text, /lock: exclusive sections +14 times, 0 contended\n/);
});

Deno.test("commands answer in order", async () => {
  const { type, calls } = session();
  const text = await type("info harts\rsendbreak\rinfo jit\r");
  assertMatch(text, /hart 0: running {2}pc 0x0{14}10 .*\n\(weft\) \(weft\) wall time/);
  assertEquals(calls, ["break"]);
});

Deno.test("a machine that was paused for a disk says so", async () => {
  const { type } = session({
    driveError: DRIVE_ERROR,
  });
  assertEquals(await type("info status\r"), "info status\nVM status: running\n(weft) ");
  assertStringIncludes(await type("stop\rinfo status\r"), "VM status: paused (io-error)\n");
});

Deno.test("help lists the commands, a mistyped one gets a suggestion, an empty line a prompt", async () => {
  const { type } = session();
  assertStringIncludes(await type("help\r"), "info harts, info cpus   what each hart does\n");
  assertStringIncludes(await type("quti\r"), 'no command "quti": did you mean quit?\n');
  assertEquals(await type("\r"), "\n(weft) ");
});

Deno.test("rates of a machine that has not run are not numbers", async () => {
  const { type } = session();
  assertMatch(await type("info jit\r"), /^speed +- MIPS\nin the hot tier +-$/m);
});

Deno.test("a machine is paused and goes on, and its status says so", async () => {
  const { type, calls } = session();
  assertStringIncludes(await type("info status\r"), "VM status: running\n");
  assertStringIncludes(await type("stop\rinfo status\r"), "VM status: paused\n");
  await type("cont\rsystem_reset\r");
  assertEquals(calls, ["paused", "running", "reset"]);
});

Deno.test("registers of a paused machine are printed, others are refused with the reason", async () => {
  const { type } = session();
  assertStringIncludes(await type("info registers\r"), "registers: running (stop first)\n");
  const text = await type("stop\rinfo registers\r");
  assertStringIncludes(
    text,
    "hart 3\npc   0000000080000000\nzero 0000000000000000  ra   0000000000000012\n",
  );
});
