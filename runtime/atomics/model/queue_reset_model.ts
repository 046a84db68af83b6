/**
 * Model of `virtio_slot.ts` and `queue_life.ts`: the reset of a device whose queues two workers serve. When it is over
 * nothing is stored for a life that was there before it.
 */

import type { Model } from "./machine.ts";
import { Program, type Registers } from "./program.ts";
import { EVERYWHERE, type ProtocolModel } from "./protocol_model.ts";

/** Orderings removed. */
export type QueueResetMutation =
  | "closed after the life has changed"
  | "life changed after the looks at STATE"
  | "one worker is not looked at"
  | "RUNNING stored behind the look at LIFE"
  | "READY read before LIFE";

type Mutation = QueueResetMutation | "none";

const WORKERS = 2;
/** Shared bytes: words of the queues, each with one worker. */
const READY = 0;
const LIFE = READY + WORKERS;
const STATE = LIFE + WORKERS;
const MEMORY_BYTES = STATE + WORKERS;
/** How often each worker looks. */
const LOOKS = 2;
/** History: is the reset over? */
const OVER = 0;
/** Registers of a worker: the life that it serves, whether that has a ring, looks. */
const SERVED = 0;
const OPEN = 1;
const COUNT = 2;
const REGISTER_COUNT = 3;
const IDLE = 0;
const RUNNING = 1;

/** Resets both queues; looks again at a worker that is storing. */
function resetter(mutation: Mutation): Program {
  const p = new Program();
  const close = (): void => {
    for (let queue = 0; queue < WORKERS; queue++) p.store(`close ${queue}`, READY + queue, 0);
  };
  const renew = (): void => {
    for (let queue = 0; queue < WORKERS; queue++) p.add(`renew ${queue}`, LIFE + queue, 1);
  };
  const isLate = mutation === "life changed after the looks at STATE";
  if (mutation !== "closed after the life has changed") close();
  if (!isLate) renew();
  if (mutation === "closed after the life has changed") close();
  const looked = mutation === "one worker is not looked at" ? 1 : WORKERS;
  for (let worker = 0; worker < looked; worker++) {
    const again = p.label("again");
    p.at(again);
    p.load("idle?", STATE + worker, (_r, state) => state === RUNNING ? again : undefined);
  }
  if (isLate) renew();
  p.observe("over", (_r, world) => {
    world.ghost[OVER] = 1;
  });
  p.end();
  return p;
}

function worker(me: number, mutation: Mutation): Program {
  const p = new Program();
  const [look, done] = [p.label("look"), p.label("done")];
  const stale = p.label("stale");
  const begin = (): void =>
    p.load("life", LIFE + me, (r, life) => {
      r[SERVED] = life;
    });
  p.at(look);
  p.local((r) => r[COUNT]++ === LOOKS ? done : undefined);
  if (mutation !== "READY read before LIFE") begin();
  p.load("ready", READY + me, (r, ready) => {
    r[OPEN] = ready;
  });
  if (mutation === "READY read before LIFE") begin();
  p.local((r) => r[OPEN] === 0 ? look : undefined);
  store(p, me, mutation, stale);
  p.at(stale);
  p.store("idle", STATE + me, IDLE);
  p.goto(look);
  p.at(done);
  p.end();
  return p;
}

function store(
  p: Program,
  me: number,
  mutation: Mutation,
  stale: ReturnType<Program["label"]>,
): void {
  const isHasty = mutation === "RUNNING stored behind the look at LIFE";
  if (!isHasty) p.store("running", STATE + me, RUNNING);
  p.load(
    "still that life?",
    LIFE + me,
    (r: Registers, life) => life === r[SERVED] ? undefined : stale,
  );
  if (isHasty) p.store("running", STATE + me, RUNNING);
  p.observe("store", (_r, world) => {
    if (world.ghost[OVER] === 1) world.fail("STORED BEHIND THE RESET");
  });
}

/** Both queues are open; one vCPU resets the device while two workers serve. */
function twoWorkers(mutation: Mutation): Model {
  return {
    threads: [resetter(mutation), worker(0, mutation), worker(1, mutation)],
    memoryBytes: MEMORY_BYTES,
    ghostBytes: 1,
    registers: REGISTER_COUNT,
    init: (memory) => memory.fill(1, READY, READY + WORKERS),
  };
}

/** The reset of a queue's life. */
export const queueResetModel: ProtocolModel<QueueResetMutation> = {
  name: "queue reset",
  mutations: {
    "closed after the life has changed": EVERYWHERE,
    "life changed after the looks at STATE": EVERYWHERE,
    "one worker is not looked at": EVERYWHERE,
    "RUNNING stored behind the look at LIFE": EVERYWHERE,
    "READY read before LIFE": EVERYWHERE,
  },
  scenarios: { "two workers": twoWorkers },
};
