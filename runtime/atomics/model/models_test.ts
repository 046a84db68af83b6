/** Every protocol model holds on both machines, and every mutation is caught where it says. */

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { bellModel } from "./bell_model.ts";
import { codeGuardModel } from "./code_guard_model.ts";
import { codeReleaseModel } from "./code_release_model.ts";
import { exclusiveModel } from "./exclusive_model.ts";
import { fenceSlotsModel } from "./fence_slots_model.ts";
import { messageModel } from "./message_model.ts";
import { monitorModel } from "./monitor_model.ts";
import { packedRingModel } from "./packed_ring_model.ts";
import { pauseModel } from "./pause_model.ts";
import { pendingModel } from "./pending_model.ts";
import { queueResetModel } from "./queue_reset_model.ts";
import { remoteModel } from "./remote_model.ts";
import { ringModel } from "./ring_model.ts";
import { EVERYWHERE, exploreAll, type ProtocolModel, WEAK_ONLY } from "./protocol_model.ts";

function check<M extends string>(protocol: ProtocolModel<M>): void {
  for (const memory of EVERYWHERE) {
    Deno.test(`${protocol.name} holds on the ${memory} machine`, () => {
      const verdict = exploreAll(protocol, "none", memory);
      assertEquals(verdict.reason, "", `${verdict.scenario}:\n${verdict.trace.join("\n")}`);
      assert(verdict.states > 0);
    });
  }
  for (const mutation of Object.keys(protocol.mutations) as M[]) {
    Deno.test(`${protocol.name}: ${mutation}`, () => {
      const caughtOn = protocol.mutations[mutation];
      // What the weak machine does not catch the stronger one cannot.
      for (const memory of caughtOn.length === 0 ? WEAK_ONLY : EVERYWHERE) {
        const { reason, scenario } = exploreAll(protocol, mutation, memory);
        const expected = caughtOn.includes(memory);
        if (expected) assertNotEquals(reason, "", `not caught on ${memory}`);
        else assertEquals(reason, "", `caught on ${memory} too, by: ${scenario}`);
      }
    });
  }
}

check(pendingModel);
check(bellModel);
check(pauseModel);
check(exclusiveModel);
check(codeGuardModel);
check(codeReleaseModel);
check(remoteModel);
check(fenceSlotsModel);
check(ringModel);
check(packedRingModel);
check(queueResetModel);
check(monitorModel);
check(messageModel);
