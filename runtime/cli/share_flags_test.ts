import { assertEquals, assertThrows } from "@std/assert";
import type { SecurityModel } from "../machine/share_options.ts";
import { describeDevices } from "../machine/device_options.ts";
import { slotNumber } from "../machine/slot_assignment.ts";
import { UserError } from "../machine/user_error.ts";
import { devicesOf } from "./device_flags.ts";
import { parseCommandLine } from "./flags.ts";

function sharesOf(...words: string[]) {
  return describeDevices(devicesOf(parseCommandLine(words)), 1).shares;
}

Deno.test("-virtfs, and -fsdev with its device, describe the same share", () => {
  const tag = new TextEncoder().encode("t");
  const common = { name: 'share "/a,b"', source: "/a,b", tag, isReadonly: true };
  const [virtfs] = sharesOf(
    "-virtfs",
    "local,path=/a,,b,mount_tag=t,security_model=mapped-file,readonly=on,id=x,multidevs=remap",
  );
  const first = slotNumber({ bus: "pci", slot: 1 });
  assertEquals(virtfs, { ...common, securityModel: "mapped-file", slot: first });
  const [fsdev] = sharesOf(
    ...["-fsdev", "local,id=f,path=/a,,b,security_model=none,readonly"],
    ...["-device", "virtio-9p-device,fsdev=f,mount_tag=t,bus=virtio-mmio-bus.3"],
  );
  assertEquals(fsdev, { ...common, securityModel: "none", slot: 3 });
});

const VIRTFS = "local,path=x,mount_tag=t";
const WRONG: readonly (readonly [words: string[], cause: string])[] = [
  [["-virtfs", "path=x,mount_tag=t"], "its kind is not said"],
  [["-virtfs", "proxy,socket=x,mount_tag=t"], 'no shares of the kind "proxy"'],
  [["-virtfs", "local,mount_tag=t,security_model=none"], "it has no path"],
  [["-virtfs", "local,path=x,security_model=none"], "it has no mount_tag"],
  [["-virtfs", `${VIRTFS},writeout=immediate`], 'no property "writeout"'],
  [["-virtfs", `${VIRTFS},readonly=maybe`], "neither on nor off"],
  [["-virtfs", `${VIRTFS},multidevs=forbid`], "numbers of their own"],
  [["-virtfs", VIRTFS], "is not said"],
  [["-virtfs", `${VIRTFS},security_model=passthrough`], "takes a privileged user"],
  [["-virtfs", `${VIRTFS},security_model=mapped-xattr`], "Deno has no way to attributes"],
  [["-virtfs", `${VIRTFS},security_model=other`], "there is no such model"],
  [
    ["-virtfs", `local,path=x,mount_tag=${"t".repeat(33)},security_model=none`],
    "a tag has 1 to 32 bytes",
  ],
  [
    [
      ...["-virtfs", `${VIRTFS},security_model=none`],
      ...["-virtfs", `${VIRTFS},security_model=none`],
    ],
    "mount_tag=t is taken",
  ],
  [["-fsdev", "local,path=x,security_model=none"], "it has no id"],
  [["-fsdev", "local,id=f,path=x,security_model=none"], "no device uses it"],
  [["-device", "virtio-9p-device,fsdev=f,mount_tag=t"], 'there is no fsdev "f"'],
  [["-device", "virtio-9p-device,mount_tag=t"], "it has no fsdev"],
  [["-device", "virtio-9p-pci,fsdev=f,mount_tag=t,bus=pcie.1"], 'there is no bus "pcie.1"'],
  [
    [
      ...["-fsdev", "local,id=f,path=x,security_model=none"],
      ...["-device", "virtio-9p-device,fsdev=f,mount_tag=t"],
      ...["-device", "virtio-9p-device,fsdev=f,mount_tag=u"],
    ],
    "has a device already",
  ],
];

Deno.test("what cannot be shared is refused by name, cause and fix", () => {
  for (const [words, cause] of WRONG) {
    assertThrows(() => sharesOf(...words), UserError, cause, words.join(" "));
  }
});

Deno.test("a back end has no security model", () => {
  const source = { look: () => undefined, list: () => [], read: () => 0 };
  const securityModel: SecurityModel = "none";
  assertEquals(describeDevices({ shares: [{ source, tag: "t" }] }, 1).shares.length, 1);
  assertThrows(
    () => describeDevices({ shares: [{ source, tag: "t", securityModel }] }, 1),
    UserError,
    "keeps owners as it likes",
  );
});
