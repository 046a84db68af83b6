/** The explorer against litmus shapes whose outcomes are known for both memory models. */

import { assert, assertEquals } from "@std/assert";
import { explore } from "./explorer.ts";
import type { MemoryModel, Model } from "./machine.ts";
import { Program, type StoreOrder } from "./program.ts";

const X = 0;
const Y = 1;

/** Store buffering: each thread stores one variable, then loads the other. */
function storeBuffering(order: StoreOrder): Model {
  const threads = [[X, Y], [Y, X]].map(([mine, other]) => {
    const p = new Program();
    p.store("store mine", mine, 1, order);
    p.load("load other", other, (r, v) => {
      r[0] = v;
    });
    p.end();
    return p;
  });
  return {
    threads,
    memoryBytes: 2,
    ghostBytes: 0,
    registers: 1,
    checkFinal: (_m, _g, [a, b]) => a[0] === 0 && b[0] === 0 ? "both loads saw 0" : undefined,
  };
}

/** Message passing: data then flag; the reader loads flag then data. */
function messagePassing(data: StoreOrder, flag: StoreOrder): Model {
  const writer = new Program();
  writer.store("data", X, 1, data);
  writer.store("flag", Y, 1, flag);
  writer.end();
  const reader = new Program();
  reader.load("flag", Y, (r, v) => {
    r[0] = v;
  });
  reader.load("data", X, (r, v) => {
    r[1] = v;
  });
  reader.end();
  return {
    threads: [writer, reader],
    memoryBytes: 2,
    ghostBytes: 0,
    registers: 2,
    checkFinal: (_m, _g, [, r]) => r[0] === 1 && r[1] === 0 ? "flag without data" : undefined,
  };
}

/** A plain store after a read-modify-write: may it be seen first? */
function storeAfterRmw(order: StoreOrder): Model {
  const writer = new Program();
  writer.add("count", X, 1);
  writer.store("data", Y, 1, order);
  writer.end();
  const reader = new Program();
  reader.load("data", Y, (r, v) => {
    r[0] = v;
  });
  reader.load("count", X, (r, v) => {
    r[1] = v;
  });
  reader.end();
  return {
    threads: [writer, reader],
    memoryBytes: 2,
    ghostBytes: 0,
    registers: 2,
    checkFinal: (_m, _g, [, r]) => r[0] === 1 && r[1] === 0 ? "data before count" : undefined,
  };
}

function adders(atomic: boolean): Model {
  const threads = [0, 1].map(() => {
    const p = new Program();
    if (atomic) p.add("add", X, 1);
    else {
      p.load("load", X, (r, v) => {
        r[0] = v;
      });
      p.store("store", X, (r) => r[0] + 1);
    }
    p.end();
    return p;
  });
  return {
    threads,
    memoryBytes: 1,
    ghostBytes: 0,
    registers: 1,
    checkFinal: ([x]) => x === 2 ? undefined : "lost update",
  };
}

function sleeper(notifies: boolean): Model {
  const p = new Program();
  p.wait("sleep", X, 0);
  p.end();
  const q = new Program();
  q.store("wake word", X, 1);
  if (notifies) q.notify("notify", X);
  q.end();
  return { threads: [p, q], memoryBytes: 1, ghostBytes: 0, registers: 1 };
}

const both: MemoryModel[] = ["tso", "weak"];

Deno.test("store buffering is seen with plain stores only", () => {
  for (const memory of both) {
    assertEquals(explore(storeBuffering("plain"), memory).reason, "both loads saw 0");
    assertEquals(explore(storeBuffering("sc"), memory).reason, "");
  }
});

Deno.test("message passing breaks on the weak machine with plain stores only", () => {
  assertEquals(explore(messagePassing("plain", "plain"), "tso").reason, "");
  assertEquals(explore(messagePassing("plain", "plain"), "weak").reason, "flag without data");
  assertEquals(explore(messagePassing("plain", "sc"), "weak").reason, "");
});

Deno.test("a plain store overtakes a read-modify-write on the weak machine only", () => {
  assertEquals(explore(storeAfterRmw("plain"), "tso").reason, "");
  assertEquals(explore(storeAfterRmw("plain"), "weak").reason, "data before count");
  assertEquals(explore(storeAfterRmw("sc"), "weak").reason, "");
});

Deno.test("read-modify-writes are atomic, load and store are not", () => {
  for (const memory of both) {
    assertEquals(explore(adders(true), memory).reason, "");
    assertEquals(explore(adders(false), memory).reason, "lost update");
  }
});

Deno.test("a missing notify is a deadlock and comes with its trace", () => {
  for (const memory of both) {
    assertEquals(explore(sleeper(true), memory).reason, "");
    const verdict = explore(sleeper(false), memory);
    assertEquals(verdict.reason, "DEADLOCK");
    assert(verdict.trace.some((line) => line.includes("sleeps")), verdict.trace.join("\n"));
  }
});

Deno.test("a loop that cannot end is a livelock", () => {
  const p = new Program();
  const again = p.label("again");
  p.at(again);
  p.load("spin", X, (_r, v) => v === 0 ? again : undefined);
  p.end();
  const model = { threads: [p], memoryBytes: 1, ghostBytes: 0, registers: 1, live: true };
  assert(explore(model, "tso").reason.startsWith("LIVELOCK"));
});
