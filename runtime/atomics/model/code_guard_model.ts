/**
 * Model of `code_guard.ts`: after FENCE.I a hart never executes bytes older than a store that was visible to
 * it at the fence. "Visible" is taken at its strongest: every store in memory when the fence begins, and
 * the hart's own. Nobody waits in this protocol, so there is nothing to deadlock.
 */

import { Agent } from "./code_guard_agent.ts";
import type { CodeGuardMutation, Mutation } from "./code_guard_mutations.ts";
import { BESIDE, close, DECODED, FRESH } from "./code_guard_start.ts";
import { Register } from "./code_guard_state.ts";
import type { Model } from "./machine.ts";
import { EVERYWHERE, type ProtocolModel, SUPERFLUOUS, WEAK_ONLY } from "./protocol_model.ts";

/** The executing hart's script: execute, fence, execute, serving in between. */
export function runner(agent: Agent, fences: number): Agent {
  agent.execute();
  for (let k = 0; k < fences; k++) {
    agent.serve();
    agent.fenceI();
    agent.execute();
  }
  agent.stop();
  return agent;
}

/** A writer with a stale fast entry, which serves late, goes idle and comes back. */
function staleWriter(mutation: Mutation): Model {
  const writer = new Agent(1, 2, mutation);
  writer.store(1);
  writer.serve();
  writer.store(2);
  writer.idleAndBack();
  writer.store(3);
  writer.stop();
  return close([runner(new Agent(0, 2, mutation), 2), writer], 2, FRESH);
}

/** Two harts decode the page first at the same time, one of them also writes it. */
function racingArmers(mutation: Mutation): Model {
  const other = new Agent(1, 2, mutation);
  other.execute();
  other.store(1);
  other.fenceI();
  other.execute();
  other.serve();
  other.store(2);
  other.stop();
  return close([runner(new Agent(0, 2, mutation), 2), other], 2, FRESH);
}

/** A third hart writes while two arm: the loser must not take the guard for complete. */
function armersAndWriter(mutation: Mutation): Model {
  const loser = new Agent(1, 3, mutation);
  loser.execute();
  loser.stop();
  const writer = new Agent(2, 3, mutation);
  writer.store(1);
  writer.stop();
  return close([runner(new Agent(0, 3, mutation), 1), loser, writer], 3, FRESH);
}

/** The compiler scans for an earlier ticket while a page is armed and the writer comes back from IDLE. */
function cachedCompletion(mutation: Mutation): Model {
  const writer = new Agent(0, 2, mutation);
  writer.idleAndBack();
  writer.store(1);
  writer.stop();
  const scanner = new Agent(2, 2, mutation);
  scanner.p.local((r) => {
    r[Register.SEEN] = 1;
  });
  scanner.testTicket();
  scanner.p.end();
  const executing = runner(new Agent(1, 2, mutation), 2);
  return close([writer, executing, scanner], 2, { ...FRESH, requests: 1 });
}

/** The page is guarded; a line of it is decoded first while two guarded writers store to it. */
function lateLine(mutation: Mutation): Model {
  const writers = [1, 2].map((me) => {
    const writer = new Agent(me, 3, mutation);
    writer.store(me);
    writer.stop();
    return writer;
  });
  return close([runner(new Agent(0, 3, mutation), 1), ...writers], 3, BESIDE);
}

/** Two writers of a code line, one of them twice. */
function twoWriters(mutation: Mutation): Model {
  const first = new Agent(1, 3, mutation);
  first.store(1);
  first.stop();
  const second = new Agent(2, 3, mutation);
  second.store(2);
  second.store(3);
  second.stop();
  return close([runner(new Agent(0, 3, mutation), 1), first, second], 3, DECODED);
}

/** The compiler publishes a region while the page is being armed and written. */
function compiled(mutation: Mutation): Model {
  const hart = new Agent(0, 2, mutation);
  hart.execute();
  hart.serve();
  hart.fenceI();
  hart.executeRegion();
  hart.stop();
  const writer = new Agent(1, 2, mutation);
  writer.store(1);
  writer.serve();
  writer.store(2);
  writer.stop();
  const compiler = new Agent(2, 2, mutation);
  compiler.compile();
  return close([hart, writer, compiler], 2, FRESH);
}

/** A hart patches its own code. */
function selfModifying(mutation: Mutation): Model {
  const hart = new Agent(0, 2, mutation);
  hart.execute();
  hart.store(1);
  hart.fenceI();
  hart.execute();
  hart.serve();
  hart.store(2);
  hart.fenceI();
  hart.execute();
  hart.stop();
  const other = new Agent(1, 2, mutation);
  other.store(3);
  other.stop();
  return close([hart, other], 2, FRESH);
}

/** Guarded code pages. */
export const codeGuardModel: ProtocolModel<CodeGuardMutation> = {
  name: "code guard",
  mutations: {
    "ticket drawn before CODE": EVERYWHERE,
    "no serve after RUNNING": EVERYWHERE,
    "RUNNING is a plain store": EVERYWHERE,
    "IDLE is a plain store": WEAK_ONLY,
    "ACK is a plain store": WEAK_ONLY,
    "ACK without dropping entries": EVERYWHERE,
    "states read before the request": EVERYWHERE,
    "a ticket being drawn counts as complete": EVERYWHERE,
    "guard tested after the bytes are read": EVERYWHERE,
    "provisional code survives FENCE.I": EVERYWHERE,
    "generation not compared at FENCE.I": EVERYWHERE,
    "generation not compared at region entry": EVERYWHERE,
    "bytes stored before begun": EVERYWHERE,
    "code bytes stored plainly": WEAK_ONLY,
    "done not counted": EVERYWHERE,
    "begun read before done": SUPERFLUOUS,
    "generation read after the bytes": EVERYWHERE,
    "guard tested before the generation is read": SUPERFLUOUS,
    "generation read before the line bit": EVERYWHERE,
    "line tested once, done untouched": EVERYWHERE,
    "line tested only before done is lowered": EVERYWHERE,
    "done restored before begun": SUPERFLUOUS,
    "own entries kept when arming": SUPERFLUOUS,
  },
  scenarios: {
    "self-modifying": selfModifying,
    "racing armers": racingArmers,
    "stale writer": staleWriter,
    "two writers": twoWriters,
    "late line": lateLine,
    "armers and writer": armersAndWriter,
    "cached completion": cachedCompletion,
    "compiled": compiled,
  },
};
