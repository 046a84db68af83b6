import { assertEquals, assertThrows } from "@std/assert";
import { parseSerial } from "./serial_flag.ts";
import { UsageError } from "./usage_error.ts";

Deno.test("-serial takes QEMU's words, files and chardevs", () => {
  assertEquals(parseSerial("mon:stdio"), "mon:stdio");
  assertEquals(parseSerial("null"), "null");
  assertEquals(parseSerial("file:a:b"), { file: "a:b" });
  assertEquals(parseSerial("chardev:c0"), { chardev: "c0" });
  assertThrows(() => parseSerial("file:"), UsageError, "its file has no name");
  assertThrows(() => parseSerial("stdo"), UsageError, "did you mean stdio?");
});

Deno.test("-serial takes sockets: QEMU's old words, addresses of version 6, and no host", () => {
  const tcp = { transport: "tcp" as const, port: 4444 };
  assertEquals(parseSerial("tcp:127.0.0.1:4444"), {
    socket: { address: { ...tcp, hostname: "127.0.0.1" }, isServer: false, waits: false },
  });
  assertEquals(parseSerial("tcp::4444,server=on"), {
    socket: { address: { ...tcp, hostname: "0.0.0.0" }, isServer: true, waits: true },
  });
  assertEquals(parseSerial("tcp:[::1]:4444,server,nowait"), {
    socket: { address: { ...tcp, hostname: "::1" }, isServer: true, waits: false },
  });
  assertEquals(parseSerial("unix:/tmp/a,,b,server=on,wait=off"), {
    socket: { address: { transport: "unix", path: "/tmp/a,b" }, isServer: true, waits: false },
  });
  assertThrows(() => parseSerial("tcp::4444,sever=on"), UsageError, "did you mean server?");
});
