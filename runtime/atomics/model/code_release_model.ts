/**
 * Model of part 5 of `code_guard.ts`, the release: what `code_guard_model.ts` states holds too for a page that
 * becomes an ordinary one while the compiler reads it, and is armed again. Orders that are superfluous there are
 * tried once more, because a page can now lose its guard.
 */

import { runner } from "./code_guard_model.ts";
import type { CodeGuardMutation, ReleaseMutation } from "./code_guard_mutations.ts";
import { BESIDE, close, DECODED, FRESH } from "./code_guard_start.ts";
import { ReleasingAgent } from "./code_release_agent.ts";
import type { Model } from "./machine.ts";
import { EVERYWHERE, type ProtocolModel, SUPERFLUOUS } from "./protocol_model.ts";

/** Orderings removed: those of the release, and of the guard where the release could change the verdict. */
export type CodeReleaseMutation =
  | ReleaseMutation
  | (
    & CodeGuardMutation
    & (
      | "guard tested before the generation is read"
      | "begun read before done"
      | "done restored before begun"
      | "own entries kept when arming"
    )
  );

type Mutation = CodeReleaseMutation | "none";

const HARTS = 2;

function team(mutation: Mutation): readonly [ReleasingAgent, ReleasingAgent, ReleasingAgent] {
  const agent = (me: number) => new ReleasingAgent(me, HARTS, mutation);
  return [agent(0), agent(1), agent(2)];
}

/** A hart executes, its page is released, stored to fast, armed again, stored to. */
function armedAgain(mutation: Mutation): Model {
  const [executing, writer] = team(mutation);
  runner(executing, 2);
  writer.store(1);
  writer.release();
  writer.idleAndBack();
  writer.store(2);
  writer.serve();
  writer.store(3);
  writer.stop();
  return close([executing, writer], HARTS, DECODED);
}

/** A hart decodes in a page that it opened before the release. */
function openPage(mutation: Mutation): Model {
  const [executing, writer] = team(mutation);
  executing.open();
  executing.serve();
  executing.executeOpened();
  executing.serve();
  executing.fenceI();
  executing.execute();
  executing.stop();
  writer.serve();
  writer.release();
  writer.store(1);
  writer.serve();
  writer.store(2);
  writer.stop();
  return close([executing, writer], HARTS, FRESH);
}

/** Both harts release the page, one of them executes from it. */
function twoReleasers(mutation: Mutation): Model {
  const [executing, writer] = team(mutation);
  executing.execute();
  executing.serve();
  executing.release();
  executing.fenceI();
  executing.execute();
  executing.serve();
  executing.fenceI();
  executing.execute();
  executing.stop();
  writer.release();
  writer.store(1);
  writer.serve();
  writer.store(2);
  writer.stop();
  return close([executing, writer], HARTS, DECODED);
}

/** A hart releases the page from which a second executes and to which a third stores. */
function threeHarts(mutation: Mutation): Model {
  const [executing, writer, releasing] = [0, 1, 2].map((me) => new ReleasingAgent(me, 3, mutation));
  runner(executing, 2);
  writer.store(1);
  writer.serve();
  writer.store(2);
  writer.stop();
  releasing.release();
  releasing.stop();
  return close([executing, writer, releasing], 3, DECODED);
}

/** The compiler reads the page while it is released, stored to and armed again. */
function compiled(mutation: Mutation): Model {
  const [executing, writer, compiler] = team(mutation);
  executing.execute();
  executing.serve();
  executing.fenceI();
  executing.executeRegion();
  executing.stop();
  writer.release();
  writer.store(1);
  writer.serve();
  writer.store(2);
  writer.stop();
  compiler.compile();
  return close([executing, writer, compiler], HARTS, DECODED);
}

/** The same, armed again for another line: this one is marked by the compiler alone. */
function compiledBeside(mutation: Mutation): Model {
  const [executing, writer, compiler] = team(mutation);
  executing.serve();
  executing.arm();
  executing.serve();
  executing.fenceI();
  executing.endWithRegion();
  writer.release();
  writer.serve();
  writer.store(1);
  writer.stop();
  compiler.compile();
  return close([executing, writer, compiler], HARTS, BESIDE);
}

/** A hart arms the page twice, a release comes between or in the middle of it. */
function armedTwice(mutation: Mutation): Model {
  const [executing, writer, compiler] = team(mutation);
  executing.idleAndBack();
  executing.arm();
  executing.serve();
  executing.arm();
  executing.serve();
  executing.fenceI();
  executing.endWithRegion();
  writer.release();
  writer.serve();
  writer.store(1);
  writer.stop();
  compiler.compile();
  return close([executing, writer, compiler], HARTS, FRESH);
}

/** Released code pages. */
export const codeReleaseModel: ProtocolModel<CodeReleaseMutation> = {
  name: "release of code pages",
  mutations: {
    "released outside an exclusive section": EVERYWHERE,
    "back from IDLE inside a section": EVERYWHERE,
    "CODE cleared after begun and done": EVERYWHERE,
    "CODE cleared between begun and done": SUPERFLUOUS,
    "begun not raised by the release": EVERYWHERE,
    "done not raised by the release": EVERYWHERE,
    "done raised before begun by the release": SUPERFLUOUS,
    "line bits cleared by the release": EVERYWHERE,
    "ticket kept by the release": EVERYWHERE,
    "write entries kept after the release": SUPERFLUOUS,
    "guard tested before the generation is read": EVERYWHERE,
    "begun read before done": SUPERFLUOUS,
    "done restored before begun": SUPERFLUOUS,
    "own entries kept when arming": SUPERFLUOUS,
  },
  scenarios: {
    "three harts": threeHarts,
    "armed again": armedAgain,
    "open page": openPage,
    "two releasers": twoReleasers,
    "compiled beside": compiledBeside,
    "armed twice": armedTwice,
    "compiled": compiled,
  },
};
