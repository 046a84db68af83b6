import { assert, assertEquals } from "@std/assert";
import { ioAgent } from "../atomics/agents.ts";
import { post } from "../atomics/pending.ts";
import { GUEST_RAM_OFFSET, Machine, Pending } from "../atomics/shared_layout.ts";
import { IoThread } from "./io_thread.ts";

const AGENT = ioAgent(0);
/** Turns after which a device that never gets one is given up. */
const MOST_REQUESTS = 1_000_000;

function sharedWords(): Int32Array {
  const words = new Int32Array(new SharedArrayBuffer(GUEST_RAM_OFFSET));
  words[Machine.HART_COUNT.offset >> 2] = 1;
  words[Machine.IO_WORKER_COUNT.offset >> 2] = 1;
  return words;
}

Deno.test("a queue that never becomes empty leaves the others of its thread their turns", () => {
  const words = sharedWords();
  let requests = 0;
  let turns = 0;
  const busy = {
    serve(isWanted: () => boolean): void {
      while (++requests < MOST_REQUESTS && !isWanted());
    },
  };
  const other = {
    serve(): void {
      if (++turns === 3) post(words, AGENT, Pending.STOP);
    },
  };
  post(words, AGENT, Pending.WORK);
  new IoThread(words, AGENT, [busy, other]).run();
  assertEquals(turns, 3);
  assert(requests < 1000, `${requests} requests of one queue before that`);
});
