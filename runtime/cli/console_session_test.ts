import { assertEquals } from "@std/assert";
import type { MachineHandle } from "../machine/machine_interface.ts";
import { ConsoleSession, type HostConsole } from "./console_session.ts";

interface Recorder {
  readonly machine: MachineHandle;
  readonly host: HostConsole;
  readonly events: { firstOutput(): void; quit(): void };
  readonly log: string[];
}

const text = new TextEncoder();

/** A machine that has ended after writing `output`, on a host that gives `input` and takes 3 bytes a time. */
function recorder(output: readonly string[], input: readonly string[]): Recorder {
  const log: string[] = [];
  const reads = [...input];
  const unused = (): never => {
    throw new Error("not part of this test");
  };
  return {
    log,
    machine: {
      driveError: undefined,
      generationId: null,
      onDriveError: () => {},
      start: unused,
      stop: unused,
      pause: unused,
      resume: unused,
      reset: unused,
      stats: unused,
      profile: unused,
      jitMap: unused,
      trace: unused,
      state: "running",
      harts: [],
      ports: [],
      exited: Promise.resolve({ reason: "power-off", code: 0 }),
      sendBreak: () => log.push("break"),
      console: {
        writable: new WritableStream({
          write: (bytes) => void log.push(`guest gets ${new TextDecoder().decode(bytes)}`),
        }),
        readable: ReadableStream.from(output.map((chunk) => text.encode(chunk))),
        size: undefined,
        resize: unused,
      },
    },
    host: {
      read: (buffer) => {
        log.push("read");
        const chunk = reads.shift();
        if (chunk === undefined) return Promise.resolve(null);
        return Promise.resolve(text.encodeInto(chunk, buffer).written);
      },
      write: (bytes) => {
        const part = bytes.subarray(0, 3);
        log.push(`out ${new TextDecoder().decode(part)}`);
        return Promise.resolve(part.length);
      },
      say: (said) => log.push(`say ${said}`),
    },
    events: { firstOutput: () => log.push("first"), quit: () => log.push("quit") },
  };
}

async function run(it: Recorder, hasKeys = false): Promise<string[]> {
  const consoles = [{ name: "serial", console: it.machine.console }];
  await new ConsoleSession(it.machine, it.host, it.events, { consoles, hasKeys }).run();
  return it.log;
}

Deno.test("output is written whole, after the first byte was announced", async () => {
  const log = await run(recorder(["", "hello", "!"], []));
  assertEquals(log.filter((line) => line !== "read"), ["first", "out hel", "out lo", "out !"]);
});

Deno.test("a session without consoles reads no input and writes no output", async () => {
  const it = recorder(["hello"], ["x"]);
  await new ConsoleSession(it.machine, it.host, it.events, { consoles: [], hasKeys: true }).run();
  assertEquals(it.log, []);
});

Deno.test("what is typed goes to one console after the other, then to the monitor", async () => {
  const it = recorder([], []);
  const typed = ["1", "\x01c2", "\x01c", "\x01c3"].values();
  const names = ["serial", "hvc0"];
  const consoles = names.map((name) => ({
    name,
    console: {
      readable: ReadableStream.from([text.encode(`from ${name}`)]),
      writable: new WritableStream<Uint8Array>({
        write: (bytes) => void it.log.push(`${name} gets ${new TextDecoder().decode(bytes)}`),
      }),
    },
  }));
  const read = Promise.withResolvers<null>();
  const host: HostConsole = {
    ...it.host,
    read: (buffer) => {
      const { value, done } = typed.next();
      if (!done) return Promise.resolve(text.encodeInto(value, buffer).written);
      read.resolve(null);
      return Promise.resolve(null);
    },
  };
  await new ConsoleSession(it.machine, host, it.events, { consoles, hasKeys: true }).run();
  await read.promise;
  const said = it.log.filter((line) => line.includes("gets") || line.includes("["));
  assertEquals(said, [
    "serial gets 1",
    "say \n[hvc0]\n",
    "hvc0 gets 2",
    "say \n[serial]\n",
    "serial gets 3",
  ]);
});

Deno.test("-serial stdio gives the guest every byte, Ctrl-A included", async () => {
  const log = await run(recorder(["a", "b", "c", "d"], ["1\x01x"]));
  assertEquals(log.filter((line) => line.startsWith("guest")), ["guest gets 1\x01x"]);
});

Deno.test("a reader that went away is not written to again and nothing is said about it", async () => {
  const it = recorder(["a", "b"], []);
  const host: HostConsole = {
    ...it.host,
    write: () => {
      it.log.push("out");
      return Promise.reject(new Deno.errors.BrokenPipe("gone"));
    },
  };
  const log = await run({ ...it, host });
  assertEquals(log.filter((line) => line !== "read"), ["first", "out"]);
});

Deno.test("output that cannot be stored is dropped with a message", async () => {
  const it = recorder(["a", "b"], []);
  const full = new Error("No space left on device");
  const host: HostConsole = { ...it.host, write: () => Promise.reject(full) };
  const log = await run({ ...it, host });
  assertEquals(log.filter((line) => line !== "read"), [
    "first",
    "say weft: the guest's output is dropped: No space left on device\n",
  ]);
});
