import { assertEquals, assertThrows } from "@std/assert";
import { PASS_NAMES } from "../../optimizer/pass_names.ts";
import { usualThreads } from "./hart_threads.ts";
import { MAX_RAM_BYTES } from "../atomics/shared_layout.ts";
import {
  ConfigurationError,
  DEFAULT_RAM_BYTES,
  describeMachine,
  type MachineOptions,
  requireProgram,
  sizeText,
} from "./options.ts";

const KERNEL = { name: "Image", bytes: new Uint8Array(64) };

function complaint(options: MachineOptions): ConfigurationError {
  const error: unknown = assertThrows(() => describeMachine(options), ConfigurationError);
  if (!(error instanceof ConfigurationError)) throw error;
  return error;
}

Deno.test("an empty description is a virt board with QEMU's defaults", () => {
  const description = describeMachine({});
  assertEquals(description.machine, "virt");
  assertEquals(description.harts, 1);
  assertEquals(description.memoryBytes, DEFAULT_RAM_BYTES);
  assertEquals(description.bios, "default");
  assertEquals(description.accel, {
    thread: "multi",
    threads: usualThreads(),
    icount: null,
    check: false,
    llsc: "monitor",
    passes: [...PASS_NAMES],
    hostOrder: "auto",
    encoder: "direct",
    codeBytes: 256 * 1024 * 1024,
    unsafePlainLoads: false,
    experiment: {},
    codeCache: null,
    bql: false,
  });
});

Deno.test("harts are on as many threads as there are harts, at most", () => {
  assertEquals(describeMachine({ accel: { threads: 3 } }).accel.threads, 3);
  assertEquals(describeMachine({ accel: { thread: "single" } }).accel.threads, 1);
  for (const threads of [0, 65, 1.5]) {
    assertEquals(complaint({ accel: { threads } }).cause, "harts run on 1 to 64 threads");
  }
  const both = complaint({ accel: { thread: "single", threads: 2 } });
  assertEquals(both.cause, "with thread=single all harts are on one");
});

Deno.test("counted time takes one thread, and goes on as real time does while harts wait", () => {
  const { thread, icount } = describeMachine({ accel: { icount: { shift: 4 } } }).accel;
  assertEquals([thread, icount], ["single", { shift: 4, sleep: true }]);
});

Deno.test("a code cache is in a folder that has a name", () => {
  assertEquals(describeMachine({ accel: { codeCache: "cache" } }).accel.codeCache, "cache");
  assertEquals(
    complaint({ accel: { codeCache: "" } }).fix,
    "name a folder, or leave codeCache out",
  );
});

Deno.test("harts are limited to what the shared layout holds", () => {
  for (const harts of [0, -1, 65, 1000, 1.5, NaN]) {
    assertEquals(complaint({ harts }).cause, "a machine has 1 to 64 harts");
  }
  assertEquals(complaint({ harts: 1000 }).fix, "use -smp 64");
  assertEquals(describeMachine({ harts: 64 }).harts, 64);
});

Deno.test("memory is limited to whole pages that fit beside the control area", () => {
  assertEquals(describeMachine({ memoryBytes: MAX_RAM_BYTES }).memoryBytes, MAX_RAM_BYTES);
  assertEquals(complaint({ memoryBytes: 2 ** 40 }).fix, "use -m 4064M or less");
  assertEquals(complaint({ memoryBytes: 2 ** 20 + 1 }).fix, "use -m 1028K");
  assertEquals(complaint({ memoryBytes: 4096 }).cause, "a machine has at least 1 MiB");
  assertEquals(complaint({ memoryBytes: NaN }).cause, "a machine has at least 1 MiB");
});

Deno.test("an initrd or a command line needs a kernel", () => {
  assertEquals(complaint({ initrd: KERNEL }).fix, "add -kernel FILE");
  assertEquals(complaint({ append: "quiet" }).fix, "add -kernel FILE");
  assertEquals(
    describeMachine({ initrd: KERNEL, append: "quiet", kernel: KERNEL }).append,
    "quiet",
  );
});

Deno.test("a machine to be run needs a kernel or a firmware image", () => {
  assertThrows(() => requireProgram(describeMachine({})), ConfigurationError, "nothing to run");
  requireProgram(describeMachine({ bios: KERNEL }));
  requireProgram(describeMachine({ kernel: KERNEL }));
});

Deno.test("names from callers without types are checked", () => {
  const options: MachineOptions = JSON.parse('{"machine":"sifive_u"}');
  assertEquals(complaint(options).fix, "use one of: virt, spike");
  const debug: MachineOptions = JSON.parse('{"debug":{"categories":["everything"]}}');
  assertEquals(complaint(debug).what, 'debug category "everything"');
});

Deno.test("sizes are told in the largest unit that divides them", () => {
  assertEquals(sizeText(512 * 2 ** 20), "512 MiB");
  assertEquals(sizeText(2 ** 30), "1 GiB");
  assertEquals(sizeText(1028 * 1024), "1028 KiB");
  assertEquals(sizeText(4097), "4097 bytes");
  assertEquals(sizeText(0), "0 bytes");
});
