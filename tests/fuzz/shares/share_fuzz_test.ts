/** Hostile messages to shared folders are contained. */
import { assert, assertEquals } from "@std/assert";
import { MessageAttack } from "./message_attack.ts";

const ATTACKS = 60;

Deno.test({
  name: "hostile messages to a shared folder reach nothing outside, and leave one that works",
  ignore: Deno.build.os === "windows",
  fn() {
    const attack = new MessageAttack();
    for (let seed = 1; seed <= ATTACKS; seed++) {
      assertEquals(attack.run(seed), [], `deno task fuzz shares ${seed} 1`);
    }
    const { messages, refused } = attack.counts;
    assert(refused > 0.2 * messages && refused < 0.95 * messages, `${refused} of ${messages}`);
  },
});
