/** A code cache is only right as long as the version in its key changes with the translator. */
import { assertEquals } from "@std/assert";
import { translatorVersionText, VERSION_FILE } from "./translator_version.ts";

Deno.test("the translator's version is that of its sources (else run `deno task cold-tier`)", async () => {
  assertEquals(await Deno.readTextFile(VERSION_FILE), await translatorVersionText());
});
