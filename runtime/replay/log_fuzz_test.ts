// Logs that were damaged in any way are read up to the damage, or refused with the place; never anything else.

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { EndReason } from "../atomics/shared_layout.ts";
import { type ByteSource, writeBlock, writePrefix } from "./log_blocks.ts";
import type { LogEvent } from "./log_event.ts";
import { DamagedLogError, EventReader, EventWriter, PREFIX_BYTES } from "./log_format.ts";
import { LogEvents } from "./open_journal.ts";

/** A file in memory. */
class MemoryFile implements ByteSource, Disposable {
  #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array = new Uint8Array(0)) {
    this.#bytes = bytes;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  writeSync(bytes: Uint8Array): number {
    this.#bytes = Uint8Array.of(...this.#bytes, ...bytes);
    return bytes.length;
  }

  seekSync(offset: number): number {
    return this.#at = offset;
  }

  readSync(into: Uint8Array): number | null {
    const part = this.#bytes.subarray(this.#at, this.#at + into.length);
    into.set(part);
    this.#at += part.length;
    return part.length === 0 ? null : part.length;
  }

  [Symbol.dispose](): void {}
}

const STEP = fc.record({ instructions: fc.nat(), nanoseconds: fc.nat() });
const DIGEST = fc.array(fc.nat(), { maxLength: 6 });
const REASONS = Object.values(EndReason).filter((reason) => reason !== EndReason.NONE);

/** Events without their moments. */
const WHAT = fc.oneof(
  fc.record({
    kind: fc.constant("input" as const),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }),
  }),
  fc.record({ kind: fc.constant("break" as const) }),
  fc.record({ kind: fc.constant("check" as const), digest: DIGEST }),
  fc.record({
    kind: fc.constant("end" as const),
    isFromOutside: fc.boolean(),
    reason: fc.constantFrom(...REASONS),
    code: fc.nat(),
    digest: DIGEST,
  }),
);

const EVENTS = fc.array(fc.tuple(WHAT, STEP), { minLength: 1, maxLength: 20 }).map((pairs) => {
  let [instructions, nanoseconds] = [0, 0];
  return pairs.map(([what, step]): LogEvent => {
    instructions += step.instructions;
    nanoseconds += step.nanoseconds;
    return { ...what, instructions, nanoseconds };
  });
});

function contentOf(events: readonly LogEvent[]): Uint8Array<ArrayBuffer> {
  const writer = new EventWriter();
  for (const event of events) writer.put(event);
  return writer.take();
}

function fileOf(contents: readonly Uint8Array[]): Uint8Array {
  const file = new MemoryFile();
  writePrefix(file);
  for (const content of contents) writeBlock(file, content);
  return file.bytes;
}

interface Read {
  readonly events: readonly LogEvent[];
  readonly damage: string | null;
}

function readAll(bytes: Uint8Array): Read {
  using log = new LogEvents(new MemoryFile(bytes), PREFIX_BYTES);
  const events: LogEvent[] = [];
  try {
    for (let event = log.next(); event !== null; event = log.next()) {
      events.push(event);
      assert(events.length <= bytes.length, "each event takes a byte at least");
    }
    return { events, damage: null };
  } catch (error) {
    if (!(error instanceof DamagedLogError)) throw error;
    return { events, damage: error.message };
  }
}

Deno.test("logs are read as they were written, from any place that was kept on", () => {
  fc.assert(fc.property(EVENTS, fc.nat(), (events, cut) => {
    const at = cut % (events.length + 1);
    const writer = new EventWriter();
    const blocks: Uint8Array[] = [];
    events.forEach((event, index) => {
      if (index === at) blocks.push(writer.take());
      writer.put(event);
    });
    blocks.push(writer.take());
    using log = new LogEvents(new MemoryFile(fileOf(blocks)), PREFIX_BYTES);
    for (let index = 0; index < at; index++) assertEquals(log.next(), events[index]);
    const goBack = log.save();
    for (let again = 0; again < 3; again++) {
      for (let index = at; index < events.length; index++) assertEquals(log.next(), events[index]);
      assertEquals(log.next(), null);
      goBack();
    }
  }));
});

Deno.test("logs with changed bytes give the events before the damage, and say where it is", () => {
  const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), {
    minLength: 1,
    maxLength: 3,
  });
  fc.assert(fc.property(EVENTS, changes, (events, places) => {
    const bytes = fileOf(events.map((event) => contentOf([event])));
    for (const [place, change] of places) {
      bytes[PREFIX_BYTES + place % (bytes.length - PREFIX_BYTES)] ^= change;
    }
    const { damage } = readAll(bytes);
    if (damage !== null) assert(/block at byte \d+/.test(damage), damage);
  }));
});

Deno.test("logs that were cut off anywhere give their whole blocks", () => {
  fc.assert(fc.property(EVENTS, fc.nat(), (events, cut) => {
    const half = Math.ceil(events.length / 2);
    const writer = new EventWriter();
    for (const event of events.slice(0, half)) writer.put(event);
    const first = writer.take();
    for (const event of events.slice(half)) writer.put(event);
    const whole = fileOf([first, writer.take()]);
    const firstEnd = fileOf([first]).length;
    const { events: read, damage } = readAll(
      whole.slice(0, firstEnd + cut % (whole.length - firstEnd)),
    );
    assertEquals([read, damage], [events.slice(0, half), null]);
  }));
});

Deno.test("blocks of any content with right checksums are events or refused, never anything else", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 4 }), (blocks) => {
      const { events, damage } = readAll(fileOf(blocks));
      if (damage !== null) assert(/block at byte \d+/.test(damage), damage);
      for (const event of events) {
        assert(event.instructions <= Number.MAX_SAFE_INTEGER, `${event.instructions}`);
        assert(event.nanoseconds <= Number.MAX_SAFE_INTEGER, `${event.nanoseconds}`);
      }
    }),
    { numRuns: 2000 },
  );
});

Deno.test("events that no recorder writes are refused: sums that are too large, an end for no reason", () => {
  const most = Number.MAX_SAFE_INTEGER;
  const far: LogEvent = { kind: "break", instructions: most, nanoseconds: 0 };
  const reader = new EventReader();
  const farther = contentOf([far, { ...far, instructions: 2 * most }]);
  reader.feed(farther);
  assertEquals(reader.next(), far);
  assertRefused(reader, "a number is too large");
  const end = { kind: "end", isFromOutside: true, code: 0, digest: [] } as const;
  const none: LogEvent = { ...end, reason: EndReason.NONE, instructions: 1, nanoseconds: 1 };
  const other = new EventReader();
  other.feed(contentOf([none]));
  assertRefused(other, "no end for reason 0");
});

function assertRefused(reader: EventReader, message: string): void {
  let said = "";
  try {
    reader.next();
  } catch (error) {
    if (error instanceof DamagedLogError) said = error.message;
  }
  assert(said.includes(message), said);
}
