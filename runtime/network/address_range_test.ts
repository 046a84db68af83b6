import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Address, ipv6Address } from "./address.ts";
import { isInRange, parseRange, rangeOf } from "./address_range.ts";
import { addressOf } from "./guest_fixture.ts";

/** An address as one number: what the words are checked against. */
function numberOf({ word0, word1, word2, word3 }: Address): bigint {
  return [word0, word1, word2, word3].reduce((sum, word) => (sum << 32n) | BigInt(word), 0n);
}

Deno.test("a range has exactly the addresses that begin with its bits", () => {
  const word = fc.nat(0xffff_ffff);
  const words = fc.tuple(word, word, word, word);
  fc.assert(fc.property(words, fc.nat(128), fc.nat(127), (made, bits, flipped) => {
    const address = ipv6Address(...made);
    const range = rangeOf(address, bits);
    assertEquals(
      numberOf(range.base),
      numberOf(address) >> BigInt(128 - bits) << BigInt(128 - bits),
    );
    assert(isInRange(range, address));
    const other = [...made] as typeof made;
    other[flipped >>> 5] ^= 1 << (31 - (flipped & 31));
    assertEquals(isInRange(range, ipv6Address(...other)), flipped >= bits);
  }));
});

Deno.test("ranges of version 4 have addresses of version 4 alone", () => {
  const cases = [
    ["10.0.0.0/8", "10.255.1.2", "11.0.0.0"],
    ["0.0.0.0/0", "255.255.255.255", "::"],
    ["::/0", "ff::1", "0.0.0.0"],
    ["10.1.2.3", "10.1.2.3", "10.1.2.2"],
    ["fec0::/10", "feff::1", "ff00::"],
    ["::ffff:0:0/96", "::ffff:7f00:1", "127.0.0.1"],
  ];
  for (const [text, within, beyond] of cases) {
    const range = parseRange(text);
    const isIn = (one: string) => range !== undefined && isInRange(range, addressOf(one));
    assertEquals([isIn(within), isIn(beyond)], [true, false], text);
  }
  for (const text of ["", "/8", "1.2.3.4/33", "::1/129", "::1/x", "::1/1/1"]) {
    assertEquals(parseRange(text), undefined, text);
  }
});
