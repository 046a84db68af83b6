import { assertEquals, assertThrows } from "@std/assert";
import { parseLoaderDevice } from "./loader_device.ts";
import { UsageError } from "./usage_error.ts";

Deno.test("files, values and starts are understood as QEMU writes them", () => {
  for (
    const [text, request] of [
      ["loader,file=Image,addr=0x84000000", { path: "Image", address: 0x8400_0000, raw: false }],
      ["loader,file=a,,b,force-raw=on", { path: "a,b", address: 0, raw: true }],
      ["loader,file=x,force-raw=off,cpu-num=2", { path: "x", address: 0, raw: false, hart: 2 }],
      ["driver=loader,id=first,addr=4096,cpu-num=1", { address: 4096, hart: 1 }],
      ["loader,addr=010,cpu-num=0", { address: 8, hart: 0 }],
    ] as const
  ) assertEquals(parseLoaderDevice(text), request);
});

Deno.test("a value has its low bytes, the last first when it is big-endian", () => {
  for (
    const [properties, bytes] of [
      ["data=0x12345678,data-len=4", [0x78, 0x56, 0x34, 0x12]],
      ["data=0x12345678,data-len=4,data-be=on", [0x12, 0x34, 0x56, 0x78]],
      ["data=0x1122334455667788,data-len=2", [0x88, 0x77]],
      ["data=18446744073709551615,data-len=8,data-be=off", Array(8).fill(0xff)],
      ["data=1,data-len=1,cpu-num=3", [1]],
    ] as const
  ) {
    const request = parseLoaderDevice(`loader,addr=0x80100000,${properties}`);
    assertEquals(request, { address: 0x8010_0000, bytes: Uint8Array.from(bytes) });
  }
});

Deno.test("what does not fit together is refused with the reason", () => {
  for (
    const [text, cause] of [
      ["", "it names no device"],
      ["virtio-net-device,netdev=n", 'there is no device "virtio-net-device" to add'],
      ["loadr,file=x", "did you mean loader?"],
      ["loader", "addr= is missing"],
      ["loader,addr=1", "it loads nothing and starts nothing"],
      ["loader,fiel=x", "did you mean file?"],
      ["loader,driver=x,file=y", 'no property "driver"'],
      ["loader,file=,addr=1", "its file= is empty"],
      ["loader,file=x,data=1,data-len=1", "file= and data= exclude each other"],
      ["loader,addr=1,force-raw=on", "force-raw= says how file= is read"],
      ["loader,file=x,force-raw=maybe", "neither on nor off"],
      ["loader,addr=0x80000000,data=1", "belong together"],
      ["loader,addr=0x80000000,data-len=1", "belong together"],
      ["loader,addr=0x80000000,data=1,data-len=9", "with 1 to 8 bytes"],
      ["loader,data=1,data-len=1", "addr= is missing"],
      ["loader,addr=84g,cpu-num=0", 'addr="84g" is not a number of 64 bits'],
      ["loader,addr=-1,cpu-num=0", "is not a number"],
      ["loader,addr=1,data=0x10000000000000000,data-len=8", "is not a number of 64 bits"],
      ["loader,file=x,addr=0xffffffffffffffff", "addr= is too large"],
      ["loader,addr=1,cpu-num=one", 'cpu-num="one" is not a number'],
    ]
  ) assertThrows(() => parseLoaderDevice(text), UsageError, cause);
});
