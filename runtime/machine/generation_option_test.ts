import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { ConfigurationError } from "./configuration_error.ts";
import { generationBytes, generationUuid } from "./generation_option.ts";

const TEXT = "324E6EAF-d1d1-4bf6-bf41-b9bb6c91fb87";

Deno.test("a UUID is taken as it is, and the word for a new one gives another each time", () => {
  assertEquals(generationUuid(TEXT), TEXT.toLowerCase());
  assertNotEquals(generationUuid("auto"), generationUuid("auto"));
});

Deno.test("numbers of a UUID are little-endian in memory", () => {
  assertEquals(
    generationBytes(generationUuid(TEXT)).toHex(),
    "af6e4e32" + "d1d1" + "f64b" + "bf41b9bb6c91fb87",
  );
});

for (const text of ["", "new", TEXT.slice(1), `${TEXT}0`, "00000000-0000-0000-0000-000000000000"]) {
  Deno.test(`"${text}" is no generation ID`, () => {
    assertThrows(() => generationUuid(text), ConfigurationError, "generation ID");
  });
}
