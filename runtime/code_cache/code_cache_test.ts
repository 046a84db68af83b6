import { assert, assertEquals, assertMatch } from "@std/assert";
import { cachedRegion, FUNCTION } from "./cache_fixture.ts";
import { CodeCache, type CodeCacheParts } from "./code_cache.ts";

const KEY = "{a key}";
const HELPERS = new Map([["probe", FUNCTION]]);
const HOUR_SECONDS = 3600;
/** Larger than half of the limits below. */
const LARGE = Array.from({ length: 600 }, (_, index) => index & 0xff);
const LIMITS = { packBytes: 1100, folderBytes: 1600 };

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function opened(folder: string, more: Partial<CodeCacheParts> = {}) {
  const notices: string[] = [];
  const notice = (text: string): number => notices.push(text);
  const cache = await CodeCache.open({ folder, key: KEY, notice, ...more });
  return { cache, notices };
}

/** A cache that must be there and have nothing to say. */
async function cacheIn(folder: string, more: Partial<CodeCacheParts> = {}): Promise<CodeCache> {
  const { cache, notices } = await opened(folder, more);
  assertEquals(notices, []);
  if (cache === null) throw new Error("the folder is not used");
  return cache;
}

async function filesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
}

function offsets(cache: CodeCache): number[] {
  return [...cache.regions()].map(({ hotOffset }) => hotOffset).sort((a, b) => a - b);
}

async function keep(folder: string, offset: number, key = KEY): Promise<void> {
  const cache = await cacheIn(folder, { key });
  cache.add([cachedRegion(offset, [1, 2])], HELPERS);
  await cache.save();
}

Deno.test("what one machine adds, later ones find, in one file", async () => {
  await withFolder(async (folder) => {
    await keep(folder, 2);
    await keep(folder, 4);
    const cache = await cacheIn(folder);
    assertEquals(offsets(cache), [2, 4]);
    assertEquals([...cache.helpers], [...HELPERS]);
    assertEquals((await filesIn(folder)).length, 1);
  });
});

Deno.test("a machine that adds nothing writes nothing", async () => {
  await withFolder(async (folder) => {
    await keep(folder, 2);
    const before = await filesIn(folder);
    const cache = await cacheIn(folder);
    assertEquals(cache.isChanged, false);
    await cache.save();
    assertEquals(await filesIn(folder), before);
  });
});

Deno.test("regions of another key are not seen, and stay", async () => {
  await withFolder(async (folder) => {
    await keep(folder, 2, "{another}");
    await keep(folder, 4);
    assertEquals(offsets(await cacheIn(folder)), [4]);
    assertEquals(offsets(await cacheIn(folder, { key: "{another}" })), [2]);
  });
});

Deno.test("machines that write at once lose nothing", async () => {
  await withFolder(async (folder) => {
    await keep(folder, 0x100);
    const caches = await Promise.all([1, 2, 3, 4].map(() => cacheIn(folder)));
    caches.forEach((cache, index) => cache.add([cachedRegion(2 * index, [1, 2])], HELPERS));
    await Promise.all(caches.map((cache) => cache.save()));
    assertEquals(offsets(await cacheIn(folder)), [0, 2, 4, 6, 0x100]);
    await keep(folder, 0x200);
    assertEquals((await filesIn(folder)).length, 1);
  });
});

Deno.test("a file that disappears while it is looked for is no failure", async () => {
  await withFolder(async (folder) => {
    await keep(folder, 2);
    const cache = await cacheIn(folder);
    for (const name of await filesIn(folder)) await Deno.remove(`${folder}/${name}`);
    cache.add([cachedRegion(4, [1, 2])], HELPERS);
    await cache.save();
    assertEquals(offsets(await cacheIn(folder)), [2, 4]);
  });
});

Deno.test("regions for the same code are kept once", async () => {
  await withFolder(async (folder) => {
    await keep(folder, 2);
    await keep(folder, 2);
    assertEquals(offsets(await cacheIn(folder)), [2]);
  });
});

Deno.test("a damaged file is dropped with a notice, whatever byte it is", async () => {
  await withFolder(async (folder) => {
    await keep(folder, 2);
    const [name] = await filesIn(folder);
    const bytes = await Deno.readFile(`${folder}/${name}`);
    for (const at of [0, 20, 60, bytes.length >> 1, bytes.length - 1]) {
      const damaged = bytes.slice();
      damaged[at] ^= 0x10;
      await Deno.writeFile(`${folder}/${name}`, damaged);
      const { cache, notices } = await opened(folder);
      assertEquals([...cache?.regions() ?? []], []);
      assertEquals(notices, [`${name} is damaged and was dropped`]);
      assertEquals(await filesIn(folder), []);
    }
  });
});

Deno.test({
  name: "a folder that others can write is not used, and that is told",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await withFolder(async (folder) => {
      await keep(folder, 2);
      for (const mode of [0o720, 0o702, 0o777]) {
        await Deno.chmod(folder, mode);
        const { cache, notices } = await opened(folder);
        assertEquals(cache, null);
        assertEquals(notices, [`the folder ${folder} is not used: others can write to it`]);
      }
      await Deno.chmod(folder, 0o755);
      assertEquals(offsets(await cacheIn(folder)), [2]);
    });
  },
});

Deno.test("a folder that goes away costs the cache, once, and nothing else", async () => {
  const folder = await Deno.makeTempDir();
  const { cache, notices } = await opened(folder);
  await Deno.remove(folder, { recursive: true });
  for (const offset of [2, 4]) {
    cache?.add([cachedRegion(offset, [1, 2])], HELPERS);
    await cache?.save();
  }
  assertEquals(notices.length, 1);
  assertMatch(notices[0], /^it is given up: /);
  assertEquals(cache?.isChanged, false);
});

Deno.test("of too many regions those stay that were used last", async () => {
  await withFolder(async (folder) => {
    const old = cachedRegion(2, LARGE);
    const first = await cacheIn(folder, { limits: LIMITS, now: () => HOUR_SECONDS });
    first.add([old], HELPERS);
    await first.save();
    const second = await cacheIn(folder, { limits: LIMITS, now: () => 2 * HOUR_SECONDS });
    second.add([cachedRegion(4, LARGE)], HELPERS);
    await second.save();
    assertEquals(offsets(await cacheIn(folder)), [4]);
    const third = await cacheIn(folder, { limits: LIMITS, now: () => 3 * HOUR_SECONDS });
    third.add([cachedRegion(6, LARGE)], HELPERS);
    const fourth = await cacheIn(folder, { limits: LIMITS, now: () => 4 * HOUR_SECONDS });
    for (const region of fourth.regions()) fourth.use(region);
    await third.save();
    fourth.add([cachedRegion(8, [1, 2])], HELPERS);
    await fourth.save();
    assertEquals(offsets(await cacheIn(folder)), [4, 8]);
  });
});

Deno.test("of too many files those stay that were used last, and unfinished ones go", async () => {
  await withFolder(async (folder) => {
    const long = (offset: number) => cachedRegion(offset, LARGE);
    const add = async (key: string, offset: number): Promise<void> => {
      const cache = await cacheIn(folder, { key, limits: LIMITS });
      cache.add([long(offset)], HELPERS);
      await cache.save();
    };
    await add("{old}", 2);
    const [old] = await filesIn(folder);
    await Deno.utime(`${folder}/${old}`, 1000, 1000);
    await Deno.writeFile(`${folder}/left.part`, Uint8Array.of(1));
    await Deno.utime(`${folder}/left.part`, 1000, 1000);
    await add("{new}", 4);
    assertEquals((await filesIn(folder)).length, 2);
    await add("{newest}", 6);
    const left = await filesIn(folder);
    assertEquals(left.length, 2);
    assert(!left.includes(old) && !left.includes("left.part"), `${left}`);
  });
});

Deno.test("using a file keeps it", async () => {
  await withFolder(async (folder) => {
    await keep(folder, 2);
    const [name] = await filesIn(folder);
    await Deno.utime(`${folder}/${name}`, 1000, 1000);
    await cacheIn(folder);
    const { mtime } = await Deno.stat(`${folder}/${name}`);
    assert((mtime?.getTime() ?? 0) > Date.now() - HOUR_SECONDS * 1000);
  });
});
