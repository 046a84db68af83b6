import { assert, assertEquals } from "@std/assert";
import { SeededRandom } from "../../differential/seeded_random.ts";
import { runCrashes } from "./crash_points.ts";
import { attack, goodImage } from "./hostile_images.ts";

const POINTS = 300;
const ATTACKS = 1500;

Deno.test(`the host fails at ${POINTS} points of random work, and no image is corrupt`, () => {
  const { points, leaky, failures } = runCrashes(POINTS, 1);
  assertEquals(failures, []);
  assertEquals(points, POINTS);
  assert(leaky > 0, "no failure was in the middle of anything");
});

Deno.test(`${ATTACKS} hostile images are refused by name or used, and nothing else`, () => {
  const good = goodImage();
  for (let seed = 1; seed <= ATTACKS; seed++) {
    assertEquals(attack(new SeededRandom(seed), good), undefined, `seed ${seed}`);
  }
});
