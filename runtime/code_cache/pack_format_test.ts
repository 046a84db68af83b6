import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { anyCachedRegion, anyFunction, cachedRegion, FUNCTION } from "./cache_fixture.ts";
import type { CachedRegion } from "./cached_region.ts";
import { decodePack, encodePack, type Pack } from "./pack_format.ts";

const KEY = "{a key}";

/** Two regions of which one calls the other and one that is gone, and a helper. */
function somePack(key = KEY): Pack {
  const callee = cachedRegion(8, [1, 2, 3, 4]);
  const call = { name: "r2", distance: -1, entryOffset: 8 };
  const gone = { name: "r3", distance: 0, entryOffset: 99, region: cachedRegion(99, []) };
  const caller = cachedRegion(0x100, [5, 6], { calls: [{ ...call, region: callee }, gone] });
  return {
    key,
    helpers: new Map([["probe", FUNCTION]]),
    regions: new Map([[caller, 7], [callee, 9]]),
  };
}

async function someFile(key = KEY): Promise<Uint8Array<ArrayBuffer>> {
  return Uint8Array.from(await encodePack(somePack(key)));
}

/** What a pack says, without what was only needed to read it. */
function contents(pack: Pack | "damaged" | null): unknown {
  if (pack === null || pack === "damaged") return pack;
  const names = new Map([...pack.regions.keys()].map((region, index) => [region, index]));
  const plain = ({ calls, ...region }: CachedRegion) => ({
    ...region,
    calls: calls.map(({ name, distance, entryOffset, region: callee }) => ({
      name,
      distance,
      entryOffset,
      callee: callee === null ? undefined : names.get(callee),
    })),
  });
  return {
    key: pack.key,
    helpers: [...pack.helpers],
    regions: [...pack.regions].map(([region, lastUse]) => ({ ...plain(region), lastUse })),
  };
}

Deno.test("a pack says what was written, calls between its regions included", async () => {
  assertEquals(contents(await decodePack(await someFile(), KEY)), contents(somePack()));
});

Deno.test("whatever regions and functions are written come back", async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(anyCachedRegion(), { maxLength: 4 }),
    fc.array(fc.tuple(fc.string(), anyFunction()), { maxLength: 3 }),
    fc.nat(2 ** 31),
    async (regions, helpers, lastUse) => {
      const pack = {
        key: KEY,
        helpers: new Map(helpers),
        regions: new Map(regions.map((region) => [region, lastUse])),
      };
      assertEquals(
        contents(await decodePack(Uint8Array.from(await encodePack(pack)), KEY)),
        contents(pack),
      );
    },
  ));
});

Deno.test("a pack with any bit changed is damaged", async () => {
  const file = await someFile();
  for (let at = 0; at < file.length; at++) {
    const changed = file.slice();
    changed[at] ^= 1 << (at % 8);
    assertEquals(await decodePack(changed, KEY), "damaged", `byte ${at}`);
  }
});

Deno.test("a pack that was cut short or goes on is damaged", async () => {
  const file = await someFile();
  for (let length = 0; length < file.length; length++) {
    assertEquals(await decodePack(file.slice(0, length), KEY), "damaged", `${length} bytes`);
  }
  assertEquals(await decodePack(Uint8Array.of(...file, 0), KEY), "damaged");
});

Deno.test("bytes that are no pack are damaged", async () => {
  const start = (await someFile()).slice(0, 18);
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.boolean(), async (bytes, begins) => {
      const file = begins ? Uint8Array.of(...start, ...bytes) : Uint8Array.from(bytes);
      assertEquals(await decodePack(file, KEY), "damaged");
    }),
  );
});

Deno.test("contents that are not a pack's are damage, also under a right checksum", async () => {
  const [magic, checksum] = [18, 32];
  const file = await someFile();
  const payload = file.slice(magic + checksum);
  await fc.assert(fc.asyncProperty(
    fc.nat(payload.length - 1),
    fc.nat(255),
    fc.nat(payload.length),
    async (at, byte, length) => {
      const changed = payload.slice(0, length);
      if (at < length) changed[at] = byte;
      const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", changed));
      const pack = await decodePack(
        Uint8Array.of(...file.slice(0, magic), ...sum, ...changed),
        KEY,
      );
      assert(pack === null || pack === "damaged" || pack.key === KEY);
    },
  ));
});

Deno.test("a pack of another key is none", async () => {
  assertEquals(await decodePack(await someFile("{another}"), KEY), null);
  assertEquals(await decodePack(await someFile(), KEY + " "), null);
});
