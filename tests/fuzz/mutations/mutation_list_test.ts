/** Every deliberate mistake of the list can still be made: its text stands once in its file. */
import { assertEquals } from "@std/assert";
import { MUTATIONS } from "./mutation_list.ts";
import { mutated } from "./run_mutations.ts";

const ROOT = new URL("../../../", import.meta.url);
const LEAST = 20;

Deno.test("all mutations can be applied", async () => {
  for (const mutation of MUTATIONS) {
    const text = await Deno.readTextFile(new URL(mutation.file, ROOT));
    assertEquals(mutated(text, mutation) === text, false, mutation.what);
  }
  assertEquals(MUTATIONS.length >= LEAST, true);
});
