import { assertEquals } from "@std/assert";
import type { MachineHandle } from "../machine/machine_interface.ts";
import { ConsoleSession, type HostConsole } from "./console_session.ts";
import type { SerialTarget } from "./serial_flag.ts";

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

async function run(it: Recorder, serial: SerialTarget): Promise<string[]> {
  await new ConsoleSession(it.machine, it.host, it.events).run(serial);
  return it.log;
}

Deno.test("output is written whole, after the first byte was announced", async () => {
  const log = await run(recorder(["", "hello", "!"], []), "stdio");
  assertEquals(log.filter((line) => line !== "read"), ["first", "out hel", "out lo", "out !"]);
});

Deno.test("-serial none reads no input and drops output", async () => {
  assertEquals(await run(recorder(["hello"], ["x"]), "none"), ["first"]);
});

Deno.test("-serial file: writes output and reads no input", async () => {
  assertEquals(await run(recorder(["hello"], ["x"]), { file: "log" }), [
    ...["first", "out hel", "out lo"],
  ]);
});

Deno.test("-serial stdio gives the guest every byte, Ctrl-A included", async () => {
  const log = await run(recorder(["a", "b", "c", "d"], ["1\x01x"]), "stdio");
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
  const log = await run({ ...it, host }, "stdio");
  assertEquals(log.filter((line) => line !== "read"), ["first", "out"]);
});

Deno.test("output that cannot be stored is dropped with a message", async () => {
  const it = recorder(["a", "b"], []);
  const full = new Error("No space left on device");
  const host: HostConsole = { ...it.host, write: () => Promise.reject(full) };
  const log = await run({ ...it, host }, "stdio");
  assertEquals(log.filter((line) => line !== "read"), [
    "first",
    "say weft: the guest's output is dropped: No space left on device\n",
  ]);
});
