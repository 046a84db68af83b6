/** Hostile rings are contained. */
import { assert, assertEquals } from "@std/assert";
import { ATTACKED } from "./attack_suite.ts";

const ATTACKS = 400;

for (const [name, make] of Object.entries(ATTACKED)) {
  Deno.test(`hostile rings store nowhere but where they may, and leave a device that works: ${name}`, () => {
    const attack = make();
    for (let seed = 1; seed <= ATTACKS; seed++) {
      assertEquals(attack.run(seed), [], `deno task fuzz virtio ${seed} 1`);
    }
    const { rings, refused, requests, resets } = attack.counts;
    assert(refused > 0.1 * rings && refused < 0.9 * rings, `${refused} of ${rings} stopped it`);
    assert(requests > 200 && resets > 10, `${requests} requests, ${resets} resets`);
  });
}
