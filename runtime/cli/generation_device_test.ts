import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { parseGenerationDevice } from "./generation_device.ts";
import { UsageError } from "./usage_error.ts";

const UUID = "324e6eaf-d1d1-4bf6-bf41-b9bb6c91fb87";

for (
  const [text, id] of [
    ["vmgenid", "auto"],
    ["vmgenid,id=v", "auto"],
    [`vmgenid,guid=${UUID}`, UUID],
    [`driver=vmgenid,guid=${UUID}`, UUID],
    [`{"driver":"vmgenid","guid":"${UUID}"}`, UUID],
    ["virtio-rng-device", undefined],
    ['{"driver":"virtio-rng-device"}', undefined],
  ] as const
) {
  Deno.test(`-device ${text} asks for the generation ID ${id}`, () => {
    assertEquals(parseGenerationDevice(text), id);
  });
}

Deno.test("a property that it does not have is refused", () => {
  const { message } = assertThrows(() => parseGenerationDevice("vmgenid,guide=x"), UsageError);
  assertMatch(message, /guid/);
});
