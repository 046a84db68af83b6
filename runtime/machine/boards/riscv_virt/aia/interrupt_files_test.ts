import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { interruptLines } from "../../../../atomics/pending.ts";
import { DEVICE_BLOCK } from "../../../../atomics/shared_layout.ts";
import { createMmioAccess } from "../../../../devices/device.ts";
import { messagePages } from "../memory_map.ts";
import {
  FileLevel,
  FileRegister,
  interruptFileWords,
  LAST_IDENTITY,
  SharedInterruptFiles,
} from "./interrupt_files.ts";
import { FilePost, MessageWindow } from "./message_window.ts";

const HARTS = 3;
const BASE = DEVICE_BLOCK >> 2;
const Privilege = { SUPERVISOR: 1, MACHINE: 3 } as const;
const MACHINE_LINE = 1 << 11;
const SUPERVISOR_LINE = 1 << 9;

class Bench {
  readonly words = new Int32Array(
    new SharedArrayBuffer(DEVICE_BLOCK + interruptFileWords(HARTS) * 4),
  );
  readonly files = new SharedInterruptFiles(this.words, BASE, HARTS);

  /** Enables all identities of a file. */
  open(hart: number, privilege: number): void {
    this.files.update(hart, privilege, FileRegister.DELIVERY, 1, 0);
    for (let word = 0; word < 8; word++) {
      this.files.update(hart, privilege, FileRegister.ENABLED + word, -1, 0);
    }
  }

  lines(): number[] {
    return Array.from({ length: HARTS }, (_, hart) => interruptLines(this.words, hart));
  }
}

Deno.test("a message raises the line of its hart and level until it is claimed", () => {
  const bench = new Bench();
  bench.open(1, Privilege.SUPERVISOR);
  bench.open(2, Privilege.MACHINE);
  bench.files.deliver(1, FileLevel.SUPERVISOR, 40);
  bench.files.deliver(2, FileLevel.MACHINE, LAST_IDENTITY);
  assertEquals(bench.lines(), [0, SUPERVISOR_LINE, MACHINE_LINE]);
  assertEquals(bench.files.top(1, Privilege.SUPERVISOR), 40);
  assertEquals(bench.files.top(1, Privilege.MACHINE), 0);
  assertEquals(bench.files.top(2, Privilege.MACHINE), LAST_IDENTITY);
  bench.files.claim(1, Privilege.SUPERVISOR, 40);
  assertEquals(bench.lines(), [0, 0, MACHINE_LINE]);
});

Deno.test("identities that do not exist are nobody's", () => {
  const bench = new Bench();
  bench.open(0, Privilege.SUPERVISOR);
  for (const identity of [0, LAST_IDENTITY + 1, 2047, 0xffff_ffff]) {
    bench.files.deliver(0, FileLevel.SUPERVISOR, identity);
  }
  assertEquals(bench.files.top(0, Privilege.SUPERVISOR), 0);
  bench.files.update(0, Privilege.SUPERVISOR, FileRegister.PENDING, -1, 0);
  assertEquals(bench.files.read(0, Privilege.SUPERVISOR, FileRegister.PENDING), ~1);
  assertEquals(bench.files.read(0, Privilege.SUPERVISOR, FileRegister.ENABLED), ~1);
  const beyond = FileRegister.PENDING + 8;
  bench.files.update(0, Privilege.SUPERVISOR, beyond, -1, 0);
  assertEquals(bench.files.read(0, Privilege.SUPERVISOR, beyond), 0);
  assertEquals(bench.files.read(0, Privilege.SUPERVISOR, 0x30), 0);
});

interface Action {
  readonly kind: "message" | "enable" | "disable" | "threshold" | "delivery" | "claim";
  readonly identity: number;
}

const ACTION: fc.Arbitrary<Action> = fc.record({
  kind: fc.constantFrom("message", "enable", "disable", "threshold", "delivery", "claim"),
  identity: fc.integer({ min: 1, max: LAST_IDENTITY }),
});

Deno.test("a file is what a set of pending and one of enabled identities make of it", () => {
  fc.assert(fc.property(fc.array(ACTION, { maxLength: 60 }), (actions) => {
    const { files, words } = new Bench();
    const [pending, enabled] = [new Set<number>(), new Set<number>()];
    let [threshold, isDelivering] = [0, false];
    const level = Privilege.SUPERVISOR;
    for (const { kind, identity } of actions) {
      const [word, bit] = [identity >> 5, 1 << (identity & 31)];
      if (kind === "message") {
        files.deliver(0, FileLevel.SUPERVISOR, identity);
        pending.add(identity);
      } else if (kind === "enable") {
        files.update(0, level, FileRegister.ENABLED + word, bit, 0);
        enabled.add(identity);
      } else if (kind === "disable") {
        files.update(0, level, FileRegister.ENABLED + word, 0, bit);
        enabled.delete(identity);
      } else if (kind === "threshold") {
        threshold = identity < 200 ? identity : 0;
        files.update(0, level, FileRegister.THRESHOLD, threshold, ~threshold);
      } else if (kind === "delivery") {
        isDelivering = identity > 60;
        files.update(0, level, FileRegister.DELIVERY, isDelivering ? 1 : 0, isDelivering ? 0 : 1);
      } else {
        const top = files.top(0, level);
        if (top !== 0) files.claim(0, level, top);
        pending.delete(top);
      }
      const ready = [...pending].filter((one) =>
        enabled.has(one) && (threshold === 0 || one < threshold)
      );
      const top = ready.length === 0 ? 0 : Math.min(...ready);
      assertEquals(files.top(0, level), top);
      const line = isDelivering && top !== 0 ? SUPERVISOR_LINE : 0;
      assertEquals(interruptLines(words, 0), line);
    }
  }));
});

Deno.test("messages go to the page of a hart, from the guest and from devices, and nowhere else", () => {
  const bench = new Bench();
  for (let hart = 0; hart < HARTS; hart++) bench.open(hart, Privilege.SUPERVISOR);
  const pages = messagePages(HARTS);
  const window = new MessageWindow(bench.files, FileLevel.SUPERVISOR);
  const access = createMmioAccess(0);
  const store = (offset: number, low: number, size = 4): boolean => {
    Object.assign(access, { offset, low, size });
    return window.store(access);
  };
  assertEquals([store(0x1000, 9), store(0x1004, 8), store(0x3000, 7)], [true, true, true]);
  assertEquals([store(0, 9, 8), store(0, 9, 1)], [false, false]);
  assertEquals([window.load(access), access.low], [false, 0]);
  assertEquals(bench.lines(), [0, SUPERVISOR_LINE, 0]);
  const post = new FilePost(bench.files, pages);
  post.send(pages.supervisor.base, 5);
  post.send(pages.supervisor.base + 0x2008, 5);
  post.send(pages.supervisor.base + 0x3000, 5);
  post.send(0x8000_0000, 5);
  post.send(-1, 5);
  assertEquals(bench.lines(), [SUPERVISOR_LINE, SUPERVISOR_LINE, 0]);
  assertEquals(bench.files.top(0, Privilege.SUPERVISOR), 5);
  bench.open(2, Privilege.MACHINE);
  post.send(pages.machine.base + 0x2000, 6);
  assertEquals(bench.lines()[2], MACHINE_LINE);
});
