// The benchmark program inside Linux: every kernel computes what a native run computes, on one hart and on two.

import { assertEquals } from "@std/assert";
import { engineByName } from "../../bench/engines.ts";
import { runSession } from "../../bench/linux/guest_session.ts";
import { LINUX_ITEMS, SCALED_ITEMS, TEST_REPEAT } from "../../bench/linux/items.ts";
import { guestOrSkip } from "./guest_or_skip.ts";

const HARTS = 2;

const guest = await guestOrSkip();

Deno.test({
  name: "the benchmark program inside Linux computes the right checksums",
  ignore: guest === null,
  async fn() {
    const runs = LINUX_ITEMS.map(({ name }) => `run ${name} ${TEST_REPEAT}`);
    const scalings = SCALED_ITEMS.map((name) => `scaling ${name} ${TEST_REPEAT}`);
    const commands = [...runs, ...scalings];
    const said = await runSession({ engine: engineByName("weft"), harts: HARTS, commands });
    const expected = new Map(LINUX_ITEMS.map(({ name, checksum }) => [name, checksum]));
    assertEquals(
      said.map(({ line }) =>
        line.kind === "run" || line.kind === "scaling"
          ? [line.kind, line.name, line.checksum]
          : [line.kind]
      ),
      [
        ...LINUX_ITEMS.map(({ name, checksum }) => ["run", name, checksum]),
        ...SCALED_ITEMS.map((name) => ["scaling", name, expected.get(name)]),
      ],
    );
  },
});
