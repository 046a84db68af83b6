import { assert, assertEquals } from "@std/assert";
import { ESCAPE_RECIPES, setTraps } from "./escape_recipes_fixture.ts";
import { SECRET, SHARE_VARIANTS, ShareFixture } from "./share_fixture.ts";

const MIN_RECIPES = 60;

/** Does an answer hold what is kept outside? */
function holdsSecret(share: ShareFixture): () => boolean {
  let isFound = false;
  const { client } = share;
  const exchange = client.exchange.bind(client);
  client.exchange = (message, room) => {
    const answer = exchange(message, room);
    isFound ||= new TextDecoder("latin1").decode(answer.slice()).includes(SECRET);
    return answer;
  };
  return () => isFound;
}

for (const variant of SHARE_VARIANTS) {
  Deno.test({
    name: `no recipe leads out of a shared folder: ${variant.name}`,
    ignore: Deno.build.os === "windows",
    fn() {
      const recipes = ESCAPE_RECIPES.filter(({ isOfMapped }) => variant.isMapped || !isOfMapped);
      assert(recipes.length >= MIN_RECIPES);
      for (const { name, attempt } of recipes) {
        using share = new ShareFixture(variant);
        setTraps(share);
        const isSecretTold = holdsSecret(share);
        const before = share.outsideState();
        const answer = attempt(share);
        assertEquals(share.outsideState(), before, `${name}: it changes what is outside`);
        assert(!isSecretTold(), `${name}: it tells what is outside`);
        if (answer !== undefined) assertEquals(typeof answer, "string", `${name}: it succeeds`);
      }
    },
  });
}
