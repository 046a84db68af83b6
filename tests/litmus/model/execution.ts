/**
 * Candidate executions: runs of the threads with, for every read, the store it reads from, and an order of the
 * stores to each byte. Which of them a memory model allows is for the axioms to say.
 *
 * Events are numbered through all threads. A load of bytes that different stores wrote has several sources:
 * its bytes fall into segments, and the bytes of a segment are covered by the same stores.
 */
import type { MemoryLayout } from "./memory_layout.ts";
import { byteOf } from "./readable_values.ts";
import type { Operation, Trace } from "./trace.ts";

/** The source of a read that returns what was there at the start. */
export const INITIAL = -1;

/** A memory operation of an execution. */
export interface Event {
  readonly thread: number;
  /** Place among the thread's operations. */
  readonly position: number;
  readonly operation: Operation;
}

/** A part of a read, and the store it comes from. */
export interface ReadsFrom {
  readonly reader: number;
  /** First byte, and number of bytes. */
  readonly address: number;
  readonly bytes: number;
  /** The store, or {@linkcode INITIAL}. */
  readonly source: number;
}

/** An execution. */
export interface Execution {
  readonly traces: readonly Trace[];
  readonly events: readonly Event[];
  /** Number of each thread's first event. */
  readonly first: readonly number[];
  readonly readsFrom: readonly ReadsFrom[];
  /** For each event the set of stores that are later to a byte in common, one bit for each. */
  readonly storedLater: readonly number[];
}

function covers({ address, bytes }: Operation, at: number): boolean {
  return address <= at && at < address + bytes;
}

/** Do two operations touch a byte in common? */
export function overlap(a: Operation, b: Operation): boolean {
  return a.address < b.address + b.bytes && b.address < a.address + a.bytes;
}

/** Finds all executions of given runs. */
export class Candidates {
  readonly #traces: readonly Trace[];
  readonly #layout: MemoryLayout;
  readonly #events: Event[] = [];
  readonly #first: number[] = [];
  readonly #stores: number[];

  constructor(traces: readonly Trace[], layout: MemoryLayout) {
    this.#traces = traces;
    this.#layout = layout;
    traces.forEach(({ operations }, thread) => {
      this.#first.push(this.#events.length);
      operations.forEach((operation, position) =>
        this.#events.push({ thread, position, operation })
      );
    });
    this.#stores = this.#events.flatMap(({ operation }, event) =>
      operation.written === null ? [] : [event]
    );
  }

  /** Every way to choose sources of reads and an order of stores. */
  *all(): Generator<Execution> {
    const choices = this.#readChoices();
    if (choices === null) return;
    const orders = this.#storeOrders();
    for (const readsFrom of product(choices)) {
      for (const storedLater of orders) {
        yield {
          traces: this.#traces,
          events: this.#events,
          first: this.#first,
          readsFrom,
          storedLater,
        };
      }
    }
  }

  /** For each segment of each read the possible sources; null when one has none. */
  #readChoices(): ReadsFrom[][] | null {
    const choices: ReadsFrom[][] = [];
    for (const [reader, { operation }] of this.#events.entries()) {
      if (operation.read === null) continue;
      for (const segment of this.#segments(reader)) {
        const sources = this.#sources(reader, segment);
        if (sources.length === 0) return null;
        choices.push(sources);
      }
    }
    return choices;
  }

  #segments(reader: number): { address: number; bytes: number }[] {
    const { operation } = this.#events[reader];
    const segments: { address: number; bytes: number; key: string }[] = [];
    for (let at = operation.address; at < operation.address + operation.bytes; at++) {
      const key = this.#stores.filter((store) => covers(this.#events[store].operation, at)).join();
      const last = segments.at(-1);
      if (last?.key === key) last.bytes++;
      else segments.push({ address: at, bytes: 1, key });
    }
    return segments;
  }

  #sources(reader: number, segment: { address: number; bytes: number }): ReadsFrom[] {
    const { operation, thread, position } = this.#events[reader];
    const wanted = bytesOf(
      operation.read ?? 0n,
      segment.address - operation.address,
      segment.bytes,
    );
    const matching = this.#stores.filter((store) => {
      const other = this.#events[store];
      if (store === reader || !covers(other.operation, segment.address)) return false;
      if (other.thread === thread && other.position > position) return false;
      const distance = segment.address - other.operation.address;
      return bytesOf(other.operation.written ?? 0n, distance, segment.bytes) === wanted;
    });
    const sources = matching.map((source) => ({ reader, ...segment, source }));
    if (this.#initialBytes(segment) !== wanted) return sources;
    return [{ reader, ...segment, source: INITIAL }, ...sources];
  }

  #initialBytes({ address, bytes }: { address: number; bytes: number }): string {
    return Array.from({ length: bytes }, (_, index) => this.#layout.initialByte(address + index))
      .join();
  }

  /** Orders of overlapping stores that agree with each thread's own order, as sets of later stores. */
  #storeOrders(): number[][] {
    const found = new Map<string, number[]>();
    for (const order of this.#linearOrders([], this.#stores)) {
      const later = new Array<number>(this.#events.length).fill(0);
      order.forEach((store, index) => {
        for (const other of order.slice(index + 1)) {
          if (overlap(this.#events[store].operation, this.#events[other].operation)) {
            later[store] |= 1 << other;
          }
        }
      });
      found.set(later.join(), later);
    }
    return [...found.values()];
  }

  /**
   * Only stores that overlap need an order: the next one is taken from the first group of stores that touch
   * each other, so that groups follow each other and are not interleaved.
   */
  #linearOrders(taken: readonly number[], left: readonly number[]): number[][] {
    if (left.length === 0) return [[...taken]];
    const group = this.#groupOf(left[0], left);
    const candidates = group.filter((store) =>
      !group.some((other) => other !== store && this.#mustPrecede(other, store))
    );
    return candidates.flatMap((store) =>
      this.#linearOrders([...taken, store], this.#groupFirst(group, left, store))
    );
  }

  #groupFirst(group: readonly number[], left: readonly number[], taken: number): number[] {
    const rest = group.filter((store) => store !== taken);
    return [...rest, ...left.filter((store) => !group.includes(store))];
  }

  #groupOf(start: number, among: readonly number[]): number[] {
    const group = [start];
    for (const member of group) {
      for (const other of among) {
        if (group.includes(other)) continue;
        if (overlap(this.#events[member].operation, this.#events[other].operation)) {
          group.push(other);
        }
      }
    }
    return group;
  }

  #mustPrecede(a: number, b: number): boolean {
    const [first, second] = [this.#events[a], this.#events[b]];
    return first.thread === second.thread && first.position < second.position &&
      overlap(first.operation, second.operation);
  }
}

function bytesOf(value: bigint, start: number, count: number): string {
  return Array.from({ length: count }, (_, index) => byteOf(value, start + index)).join();
}

function* product<Choice>(choices: readonly (readonly Choice[])[]): Generator<Choice[]> {
  if (choices.length === 0) return yield [];
  const [first, ...rest] = choices;
  for (const choice of first) {
    for (const others of product(rest)) yield [choice, ...others];
  }
}

/** Final value of a range of memory. */
export function finalValue(
  { events, storedLater }: Execution,
  layout: MemoryLayout,
  address: number,
  bytes: number,
): bigint {
  let value = 0n;
  for (let index = bytes - 1; index >= 0; index--) {
    const at = address + index;
    const last = events.findIndex(({ operation }, event) =>
      operation.written !== null && covers(operation, at) &&
      !events.some((other, later) =>
        (storedLater[event] >> later & 1) === 1 && covers(other.operation, at)
      )
    );
    const byte = last < 0
      ? layout.initialByte(at)
      : byteOf(events[last].operation.written ?? 0n, at - events[last].operation.address);
    value = value << 8n | BigInt(byte);
  }
  return value;
}
