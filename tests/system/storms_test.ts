// Linux on several harts under storms: no worker sees an old translation, old code, or a tick too early.

import { assert, assertEquals } from "@std/assert";
import { engineByName } from "../../bench/engines.ts";
import { runStorms, STORM_NAMES } from "../../bench/storms/storms.ts";
import { guestOrSkip } from "./guest_or_skip.ts";

const HARTS = 4;
/** Of each storm; `WEFT_STORM_SECONDS` asks for a longer run. */
const SECONDS = Number(Deno.env.get("WEFT_STORM_SECONDS") ?? 2);

const guest = await guestOrSkip();

for (const engine of ["weft", "weft-bql"] as const) {
  Deno.test({
    name: `Linux on ${HARTS} harts of ${engine}: storms go on, and nobody sees what cannot be`,
    ignore: guest === null,
    async fn() {
      const run = await runStorms(engineByName(engine), HARTS, STORM_NAMES, SECONDS);
      assertEquals(run.failure, undefined);
      assertEquals(run.loads.map(({ name, errors }) => [name, errors]), [
        ...STORM_NAMES.map((name) => [name, 0]),
      ]);
      assert(run.loads.every(({ perSecond }) => perSecond > 0), JSON.stringify(run.loads));
      assertEquals(run.stalls, 0);
    },
  });
}
