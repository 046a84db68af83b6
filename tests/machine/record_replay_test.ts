// Runs that are recorded with what was typed meanwhile, and their replays; broken logs, other machines.

import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import {
  AccessError,
  ConfigurationError,
  type IcountOptions,
  type MachineSettings,
  MachineStateError,
} from "../../mod.ts";
import { BlockReader, writeBlock, writePrefix } from "../../runtime/replay/log_blocks.ts";
import type { LogEvent } from "../../runtime/replay/log_event.ts";
import { EventWriter, PREFIX_BYTES } from "../../runtime/replay/log_format.ts";
import { LogEvents } from "../../runtime/replay/open_journal.ts";
import { EndReason } from "../../runtime/atomics/shared_layout.ts";
import { readGuestElf } from "../guests/guest_elf.ts";
import { progress, turn } from "../library/machine_fixture.ts";
import {
  comparable,
  FIRST_LETTER,
  logFile,
  PROGRAM,
  record,
  replay,
  S2,
  Session,
  shortTalk,
} from "./typed_session.ts";

// --- runs that are the same -------------------------------------------------------------------------

for (const harts of [1, 2, 3]) {
  Deno.test(`rr: what was typed comes at the same instructions again, on ${harts} harts`, async () => {
    await using log = await logFile();
    const recorded = await record(log.path, shortTalk, { harts });
    assertEquals(recorded.ended.reason, "power-off");
    const { events, instructions } = recorded.ended.journal ?? { events: 0, instructions: 0 };
    assert(events >= 3 && instructions > 3_000_000, `${events} events`);
    const texts = new Set<string>();
    for (const accel of [{}, { experiment: { regions: false } }]) {
      const icount = { shift: 0, rr: "replay", rrfile: log.path } as const;
      const replayed = await replay(log.path, { harts, accel: { ...accel, icount } });
      assertEquals(comparable(replayed), comparable(recorded));
      texts.add(replayed.ended.journal?.hash ?? "");
    }
    assertEquals([...texts], [recorded.ended.journal?.hash]);
  });
}

Deno.test("rr: pauses leave no trace, in the recording and in the replay", async () => {
  await using log = await logFile();
  const recorded = await record(log.path, async (session) => {
    for (const key of "abc") {
      await session.talk(key);
      await session.machine.pause();
      await turn();
      await session.machine.resume();
    }
    await session.type("q");
  }, { harts: 2 });
  await using session = await Session.open({ rr: "replay", rrfile: log.path }, { harts: 2 });
  const { machine } = session;
  await machine.start();
  const ended = session.end();
  for (let count = 0; count < 5 && machine.state === "running"; count++) {
    await machine.pause().then(() => machine.resume(), () => {});
  }
  assertEquals(comparable(await ended), comparable(recorded));
});

Deno.test("rr: restarts by the guest and from outside are replayed", async () => {
  await using log = await logFile();
  const recorded = await record(log.path, async (session) => {
    await session.talk("a");
    await session.talk("r");
    await session.printed(6);
    await session.talk("b");
    await session.machine.reset();
    await session.printed(9);
    await session.talk("c");
    await session.type("q");
  });
  const typed = recorded.output.filter((byte) => byte >= FIRST_LETTER);
  assertEquals(String.fromCharCode(...typed).match(/a.?r.?b.?c.?q/)?.length, 1);
  assertEquals(comparable(await replay(log.path)), comparable(recorded));
});

Deno.test("rr: a restart from outside is replayed although the guest's own would end the machine", async () => {
  await using log = await logFile();
  const settings = { noReboot: true };
  const recorded = await record(log.path, async (session) => {
    await session.talk("a");
    await session.machine.reset();
    await session.printed(4);
    await session.talk("b");
    await session.type("r");
  }, settings);
  assertEquals(recorded.ended.reason, "reset");
  assertEquals(comparable(await replay(log.path, settings)), comparable(recorded));
});

Deno.test("rr: a recording that was stopped is replayed to the very instruction", async () => {
  await using log = await logFile();
  const recorded = await record(log.path, async (session) => {
    await session.talk("ab");
    await progress(session.machine, 1_234_567);
    await session.machine.stop();
  }, { harts: 2 });
  assertEquals(recorded.ended.reason, "stopped");
  assertEquals(comparable(await replay(log.path, { harts: 2 })), comparable(recorded));
});

Deno.test("rr: a break on the serial line comes again", async () => {
  await using log = await logFile();
  const recorded = await record(log.path, async (session) => {
    await session.talk("a");
    session.machine.sendBreak(); // the guest reads a zero byte
    await session.talk("b");
    await session.type("q");
  });
  assert((recorded.ended.journal?.events ?? 0) >= 4);
  assertEquals(comparable(await replay(log.path)), comparable(recorded));
});

Deno.test("rr: a console that nobody reads for a while changes nothing", async () => {
  const text = "x".repeat(40_000); // more than all buffers between hold, sent back twice as long
  await using log = await logFile();
  const recorded = await record(log.path, async (session) => {
    await session.type(text);
    await session.type("q");
  });
  assertEquals(recorded.output.length, 1 + 2 * (text.length + 1));
  assertEquals(comparable(await replay(log.path)), comparable(recorded));
});

// --- what a replay does not take ----------------------------------------------------------------------

Deno.test("rr: a replay takes no input, no break and no reset; it can be stopped", async () => {
  await using log = await logFile();
  const recorded = await record(log.path, shortTalk);
  await using session = await Session.open({ rr: "replay", rrfile: log.path }, {});
  await session.type("zzz");
  session.machine.sendBreak();
  await assertRejects(() => session.machine.reset(), MachineStateError, "the log says");
  await session.machine.start();
  assertEquals(comparable(await session.end()), comparable(recorded));

  await using other = await Session.open({ rr: "replay", rrfile: log.path }, {});
  await other.machine.start();
  const stopped = await other.machine.stop();
  assert(["stopped", "power-off"].includes(stopped.reason), stopped.reason);
});

Deno.test("rr: registers and memory of a recorded machine can be read and not be changed", async () => {
  await using log = await logFile();
  await using session = await Session.open({ rr: "record", rrfile: log.path }, {});
  const { machine } = session;
  const [hart] = machine.harts;
  assertEquals(machine.memory.read(machine.memory.base, 4).length, 4);
  assertThrows(() => machine.memory.write(machine.memory.base, new Uint8Array(4)), AccessError);
  assertThrows(() => hart.pc = 0n, AccessError, "a log does not hold");
  await assertRejects(() => hart.csr.write("mscratch", 1n), AccessError, "a log does not hold");
  hart.x[S2] = 5n; // a copy
  assertEquals(hart.x[S2], 0n);
  assertEquals(await hart.csr.read("mscratch"), 0n);
});

// --- logs that do not fit ---------------------------------------------------------------------------

/** Writes a log anew with other events. */
async function rewrite(path: string, change: (events: LogEvent[]) => LogEvent[]): Promise<void> {
  const file = await Deno.open(path);
  const blocks = new BlockReader(file, PREFIX_BYTES);
  const header = blocks.next() ?? new Uint8Array(0);
  const events: LogEvent[] = [];
  {
    using log = new LogEvents(file, blocks.offset);
    for (let event = log.next(); event !== null; event = log.next()) events.push(event);
  }
  const writer = new EventWriter();
  for (const event of change(events)) writer.put(event);
  using changed = await Deno.open(path, { write: true, truncate: true });
  writePrefix(changed);
  writeBlock(changed, header);
  writeBlock(changed, writer.take());
}

function changeInput(change: (event: LogEvent & { kind: "input" }) => LogEvent) {
  return (events: LogEvent[]): LogEvent[] => {
    const at = events.findIndex(({ kind }) => kind === "input");
    return events.map((event, index) =>
      index === at && event.kind === "input" ? change(event) : event
    );
  };
}

Deno.test("rr: a changed byte of input is reported with hart, pc and instruction", async () => {
  await using log = await logFile();
  await record(log.path, shortTalk, { harts: 2 });
  await rewrite(log.path, changeInput((event) => ({ ...event, bytes: Uint8Array.of(0x7a) })));
  const { ended } = await replay(log.path, { harts: 2 });
  assertEquals(ended.reason, "replay-diverged");
  const found =
    /the state of hart [01] differs at instruction (\d+) \(hart [01] is at pc 0x8[0-9a-f]+; all was as recorded at instruction (\d+)\)/
      .exec(ended.message ?? "");
  const [differs, agreed] = [Number(found?.[1]), Number(found?.[2])];
  assert(differs > agreed && differs - agreed < 2_000_000, ended.message);
});

Deno.test("rr: a changed count is reported with hart, pc and instruction", async () => {
  await using log = await logFile();
  await record(log.path, shortTalk);
  await rewrite(
    log.path,
    changeInput((event) => ({ ...event, instructions: event.instructions + 1 })),
  );
  const { ended } = await replay(log.path);
  assertEquals(ended.reason, "replay-diverged");
  assertMatch(
    ended.message ?? "",
    /input at instruction \d+, where no round of turns begins; one begins at instruction \d+ \(hart 0 is at pc 0x8/,
  );
});

Deno.test("rr: a guest that ends earlier or later than recorded is reported", async () => {
  await using log = await logFile();
  await record(log.path, shortTalk);
  await rewrite(
    log.path,
    (events) => events.map((event) => event.kind === "end" ? { ...event, code: 7 } : event),
  );
  const { ended } = await replay(log.path);
  assertEquals(ended.reason, "replay-diverged");
  assertMatch(ended.message ?? "", /the guest ended the machine at instruction \d+/);
});

Deno.test("rr: a byte that was damaged on the disk is reported and not replayed", async () => {
  await using log = await logFile();
  await record(log.path, shortTalk);
  const bytes = await Deno.readFile(log.path);
  bytes[bytes.length - 3] ^= 1;
  await Deno.writeFile(log.path, bytes);
  const { ended } = await replay(log.path);
  assertEquals(ended.reason, "replay-diverged");
  assertMatch(
    ended.message ?? "",
    /the log is damaged: the block at byte \d+ is not what was written/,
  );
});

Deno.test("rr: logs that no recorder writes are never a failure of the machine", async () => {
  const ends = ["replay-diverged", "power-off", "stopped"];
  const end = { kind: "end", isFromOutside: true, code: 0, digest: [] } as const;
  const changes: readonly ((events: LogEvent[]) => LogEvent[])[] = [
    (events) => events.toReversed().map((event) => ({ ...event, instructions: 0, nanoseconds: 0 })),
    (events) => events.filter(({ kind }) => kind !== "check"),
    (events) => events.map((event) => ({ ...event, nanoseconds: event.nanoseconds + 1 })),
    (events) => events.map((event) => event.kind === "check" ? { ...event, digest: [] } : event),
    () => [{ ...end, reason: EndReason.INTERNAL, instructions: 1000, nanoseconds: 1000 }],
    () => [{ ...end, reason: EndReason.POWER_OFF, instructions: 0, nanoseconds: 0 }],
    () => [{ kind: "break", instructions: Number.MAX_SAFE_INTEGER, nanoseconds: 0 }],
    () => [],
  ];
  await using log = await logFile();
  await record(log.path, shortTalk);
  const whole = await Deno.readFile(log.path);
  for (const [index, change] of changes.entries()) {
    await Deno.writeFile(log.path, whole);
    await rewrite(log.path, change);
    await using session = await Session.open({ rr: "replay", rrfile: log.path }, {});
    await session.machine.start();
    if (index === FAR_EVENT) await progress(session.machine, 1_000_000);
    if (index === FAR_EVENT) await session.machine.stop();
    const { ended } = await session.end();
    assert(ends.includes(ended.reason), `change ${index}: ${ended.reason} ${ended.message}`);
  }
});

/** The change in which the log goes on long after the machine: it runs until somebody stops it. */
const FAR_EVENT = 6;

Deno.test("rr: a log whose header says nothing is refused", async () => {
  await using log = await logFile();
  for (const header of ["", "null", "[5]", '{"harts":2}', "no JSON"]) {
    using file = await Deno.open(log.path, { write: true, truncate: true });
    writePrefix(file);
    writeBlock(file, new TextEncoder().encode(header));
    await assertRejects(
      () => replay(log.path),
      ConfigurationError,
      "does not say what was recorded",
    );
  }
});

Deno.test("rr: a log that was cut off is replayed up to its last whole block", async () => {
  await using log = await logFile();
  const recorded = await record(log.path, async (session) => {
    await shortTalk(session);
  });
  await Deno.truncate(log.path, (await Deno.stat(log.path)).size - 5);
  const { ended, output } = await replay(log.path);
  assertEquals(ended.reason, "stopped");
  assertMatch(ended.message ?? "", /the recording was cut off: it was replayed to instruction \d+/);
  assertEquals(output, recorded.output.slice(0, output.length));
});

Deno.test("rr: another machine than was recorded is refused, and told what differs", async () => {
  await using log = await logFile();
  await record(log.path, shortTalk);
  const other = new Uint8Array(Uint32Array.from([...PROGRAM, 0]).buffer);
  const refusals: readonly (readonly [MachineSettings, string])[] = [
    [{ harts: 2 }, "harts: recorded 1, now 2"],
    [{ memory: "8M" }, "memory: recorded 4194304, now 8388608"],
    [{ kernel: other }, "kernel: recorded 84 bytes sha256"],
    [{ append: "quiet" }, "kernel command line: recorded none, now quiet"],
    [{ cpu: { zbb: false } }, "cpu: recorded rv64, now rv64,zbb=false"],
    [
      { accel: { icount: { shift: 1, rr: "replay", rrfile: log.path } } },
      "shift: recorded 0, now 1",
    ],
  ];
  for (const [settings, cause] of refusals) {
    await assertRejects(() => replay(log.path, settings), ConfigurationError, cause);
  }
});

Deno.test("rr: files that are no logs are refused", async () => {
  await using log = await logFile();
  await assertRejects(() => replay(log.path), ConfigurationError, "not the log of a run");
  await Deno.writeTextFile(log.path, "weft-rr\nwhat comes here is no version");
  await assertRejects(() => replay(log.path), ConfigurationError, "version 1 can be read");
  await Deno.writeFile(
    log.path,
    Uint8Array.of(...new TextEncoder().encode("weft-rr\n"), 1, 0, 0, 0, 9),
  );
  await assertRejects(() => replay(log.path), ConfigurationError, "within its header");
  await assertRejects(() => replay(`${log.path}/none`), ConfigurationError);
  await assertRejects(() => record(`${log.path}/none`, shortTalk), ConfigurationError);
});

Deno.test("rr: settings that make no sense are refused", async () => {
  const refused: readonly (readonly [IcountOptions, string])[] = [
    [{ shift: "auto", rr: "record", rrfile: "f" }, "cannot be repeated"],
    [{ shift: 0, rr: "record" }, "no name"],
    [{ shift: 0, rrfile: "f" }, "nothing is recorded"],
    [{ shift: 0, rr: "both" as "record", rrfile: "f" }, "recorded or replayed"],
  ];
  for (const [icount, cause] of refused) {
    await assertRejects(() => Session.open(icount, {}), ConfigurationError, cause);
  }
});

// --- the host-target interface ----------------------------------------------------------------------

Deno.test("rr: a program on spike prints at the same instructions", async () => {
  const kernel = await readGuestElf("hello", "spike", { harts: 1 });
  await using log = await logFile();
  const runs: unknown[] = [];
  for (const rr of ["record", "replay"] as const) {
    const icount = { shift: 0, rr, rrfile: log.path };
    const settings = { board: "spike", kernel, memory: "16M", accel: { icount } } as const;
    await using session = await Session.open({}, settings);
    await session.machine.start();
    runs.push(comparable(await session.end()));
  }
  assertEquals(runs[1], runs[0]);
});
