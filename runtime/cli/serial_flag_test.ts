import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "node:path";
import { ConfigurationError } from "../machine/configuration_error.ts";
import { openSerialFile, parseSerial } from "./serial_flag.ts";
import { UsageError } from "./usage_error.ts";

Deno.test("-serial takes QEMU's words and files", () => {
  assertEquals(parseSerial("mon:stdio"), "mon:stdio");
  assertEquals(parseSerial("null"), "null");
  assertEquals(parseSerial("file:a:b"), { file: "a:b" });
  assertThrows(() => parseSerial("file:"), UsageError, "its file has no name");
  assertThrows(() => parseSerial("stdo"), UsageError, "did you mean stdio?");
  assertThrows(() => parseSerial("tcp::4444"), UsageError, "use one of: mon:stdio");
});

Deno.test("a file of a serial line is emptied, and named where it cannot be opened", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const file = join(folder, "log");
    await Deno.writeTextFile(file, "old");
    (await openSerialFile({ file }))?.close();
    assertEquals(await Deno.readTextFile(file), "");
    assertEquals(await openSerialFile("stdio"), null);
    const missing = { file: join(folder, "missing", "log") };
    await assertRejects(() => openSerialFile(missing), ConfigurationError, "no such file");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
