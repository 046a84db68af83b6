import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { ipv4Address, ipv6Address } from "./address.ts";
import { addressText, parseAddress } from "./address_text.ts";

const WORD = fc.oneof(fc.nat(0xffff_ffff), fc.constantFrom(0, 1, 0xffff, 0x1_0000, 0xffff_ffff));

Deno.test("an address of either version is what its text says", () => {
  fc.assert(fc.property(WORD, WORD, WORD, WORD, (...words) => {
    for (const address of [ipv4Address(words[0]), ipv6Address(...words)]) {
      assertEquals(parseAddress(addressText(address)), address);
    }
  }));
});

Deno.test("addresses are written in their shortest form, and read in any", () => {
  const cases = [
    ["10.0.2.15", "10.0.2.15"],
    ["::", "::"],
    ["0:0:0:0:0:0:0:1", "::1"],
    ["FEC0::5054:ff:fe12:3456", "fec0::5054:ff:fe12:3456"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ["::ffff:192.0.2.1", "::ffff:c000:201"],
    ["64:ff9b::10.0.0.1", "64:ff9b::a00:1"],
    ["1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"],
  ];
  for (const [text, canonical] of cases) {
    const address = parseAddress(text);
    assertEquals(address && addressText(address), canonical, text);
  }
});

Deno.test("what is no address is not taken for one", () => {
  const texts = [
    ...["", "1.2.3", "1.2.3.256", "1.2.3.4.5", " 1.2.3.4", ":", ":::", "1::2::3", "1:2:3:4:5:6:7"],
    ...["1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8", "12345::", "g::", "::1%lo", "[::1]", "::1.2.3"],
    ...["1.2.3.4::", "::1.2.3.4:5", ":1", "1:"],
  ];
  for (const text of texts) assertEquals(parseAddress(text), undefined, text);
});
