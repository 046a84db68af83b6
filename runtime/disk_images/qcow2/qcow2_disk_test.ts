import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { checkImage } from "./consistency.ts";
import { MemoryFile } from "../image_file_fixture.ts";
import { Qcow2Header } from "./header.ts";
import type { NewImage } from "./image_size.ts";
import {
  contentOf,
  FixedDisk,
  IMAGE,
  ModelledDisk,
  newFile,
  openDisk,
  type Step,
} from "./qcow2_fixture.ts";

const SIZE = 3 * 2 ** 20 + 1536;

const KINDS: readonly Omit<NewImage, "size">[] = [
  { clusterBits: 9 },
  { clusterBits: 9, refcountOrder: 0 },
  { clusterBits: 10, refcountOrder: 6 },
  { clusterBits: 12, refcountOrder: 3 },
  { clusterBits: 16, version: 2 },
  { clusterBits: 16 },
  { clusterBits: 21, refcountOrder: 5 },
];

const STEP: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(
    ...["write", "write", "write", "zeros", "unmap", "read", "discard", "flush", "reopen"] as const,
  ),
  place: fc.nat(0xffff),
  sectors: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 600 })),
  byte: fc.integer({ min: 1, max: 255 }),
});

function findings(file: MemoryFile): { corruptions: number; leaks: number } {
  const { corruptions, leaks } = checkImage(Qcow2Header.read(IMAGE, file), file, "none");
  return { corruptions, leaks };
}

for (const kind of KINDS) {
  const { clusterBits, refcountOrder = 4, version = 3 } = kind;
  const title =
    `clusters of 2^${clusterBits}, counts of 2^${refcountOrder} bits, version ${version}`;

  Deno.test(`random work on a disk leaves what a flat file would hold: ${title}`, () => {
    fc.assert(
      fc.property(
        fc.array(STEP, { minLength: 20, maxLength: 60 }),
        fc.boolean(),
        (steps, behind) => {
          const base = Uint8Array.from(
            { length: SIZE / 2 + 512 },
            (_, at) => behind ? at % 251 : 0,
          );
          const backing = behind ? new FixedDisk(base) : null;
          const file = newFile({
            size: SIZE,
            ...kind,
            ...(behind ? { backing: { name: "base", format: "raw" } } : {}),
          });
          const model = new Uint8Array(SIZE);
          model.set(base);
          const disk = new ModelledDisk(() => openDisk(file, backing), model);
          for (const step of steps) assertEquals(disk.step(step), undefined);
          assertEquals(disk.compare(), undefined);
          disk.disk.close();
          assertEquals(findings(file), { corruptions: 0, leaks: 0 });
        },
      ),
      { numRuns: 4 },
    );
  });
}

Deno.test("what is discarded, and zeros that give up their place, make room for other data", () => {
  const file = newFile({ size: SIZE });
  const disk = openDisk(file);
  disk.write(0, new Uint8Array(2 ** 20).fill(1));
  disk.flush();
  const { bytes } = file;
  for (let round = 0; round < 5; round++) {
    disk.discard(0, 2 ** 19);
    disk.writeZeros(2 ** 19, 2 ** 19, true);
    disk.flush();
    disk.write(2 ** 20, new Uint8Array(2 ** 20).fill(2));
    disk.discard(2 ** 20, 2 ** 20);
    disk.flush();
    disk.write(0, new Uint8Array(2 ** 20).fill(3));
    disk.flush();
  }
  assert(file.bytes <= bytes + 2 ** 20 + 2 ** 17, `${file.bytes} after ${bytes}`);
});

Deno.test("zeros that keep their place are written there again", () => {
  const file = newFile({ size: SIZE });
  const disk = openDisk(file);
  disk.write(0, new Uint8Array(0x1_0000).fill(1));
  disk.writeZeros(0, 0x1_0000, false);
  assertEquals(contentOf(disk), new Uint8Array(disk.bytes));
  const { bytes } = file;
  disk.write(512, new Uint8Array(512).fill(2));
  assertEquals([file.bytes, contentOf(disk)[511], contentOf(disk)[512]], [bytes, 0, 2]);
});

Deno.test("a host without room fails a request, which succeeds when it is made again", () => {
  const model = new Uint8Array(SIZE);
  const file = newFile({ size: SIZE, clusterBits: 9 });
  let room = 0;
  file.beforeChange = () => {
    if (room-- === 0) throw new Error("no space");
  };
  const disk = openDisk(file);
  for (let block = 0; block < 60; block++) {
    const bytes = new Uint8Array(20_480).fill(block + 1);
    model.set(bytes, block * 40_960);
    const attempt = (call: () => void): void => {
      for (room = 0;; room = 1 + 2 * room) {
        const tried = room;
        try {
          return call();
        } catch (error) {
          assertEquals((error as Error).message, "no space");
        }
        room = tried;
      }
    };
    attempt(() => disk.write(block * 40_960, bytes));
    if (block % 7 === 0) attempt(() => disk.flush());
  }
  room = Infinity;
  assertEquals(contentOf(disk), model);
  disk.close();
  assertEquals(findings(file), { corruptions: 0, leaks: 0 });
});

Deno.test("the memory for tables is bounded, however much of a disk is used", () => {
  const file = newFile({ size: 2 ** 24, clusterBits: 9 });
  const disk = openDisk(file);
  const sector = new Uint8Array(512);
  for (let at = 0; at < 2 ** 24; at += 65_536) disk.write(at, sector.fill(1));
  assert(disk.metadata.cache.changed.size <= 2 ** 22 / 512);
  assert(disk.metadata.refcounts.cache.changed.size <= 2 ** 20 / 512);
});

/** Ways to damage an image with some data, by the place of what is changed. */
const DAMAGES: readonly (readonly [string, (image: DataView, header: Qcow2Header) => void])[] = [
  [
    "a second table outside",
    (image, { l1Position }) => image.setUint32(l1Position + 4, 0x7fff_0000),
  ],
  [
    "a second table in the header",
    (image, { l1Position }) => image.setUint32(l1Position + 4, 0x200),
  ],
  [
    "a data cluster outside",
    (image, header) => image.setUint8(secondTable(image, header) + 1, 0x7f),
  ],
  [
    "a data cluster in the first table",
    (image, header) => image.setUint32(secondTable(image, header) + 4, header.l1Position),
  ],
  [
    "a used cluster that is counted as free",
    (image, header) => {
      const block = image.getUint32(header.refcountTablePosition + 4);
      for (let cluster = 0; cluster < 64; cluster++) image.setUint16(block + 2 * cluster, 0);
    },
  ],
  [
    "a block of counts outside",
    (image, { refcountTablePosition }) => image.setUint32(refcountTablePosition, 0x7fff),
  ],
  [
    "a compressed cluster of nothing",
    (image, header) => image.setUint8(secondTable(image, header), 0x40),
  ],
];

function secondTable(image: DataView, { l1Position }: Qcow2Header): number {
  return image.getUint32(l1Position + 4);
}

for (const [name, damage] of DAMAGES) {
  Deno.test(`${name} is found, and nothing is written`, () => {
    const file = newFile({ size: SIZE, clusterBits: 9 });
    const whole = openDisk(file);
    whole.write(0, new Uint8Array(2048).fill(1));
    whole.close();
    const content = file.content;
    damage(new DataView(content.buffer), Qcow2Header.read(IMAGE, file));
    const damaged = new MemoryFile(content);
    const error = assertThrows(() => {
      const disk = openDisk(damaged);
      disk.read(0, new Uint8Array(2048));
      disk.write(0, new Uint8Array(2048).fill(2));
    }, Error);
    assert(error.message.includes("is damaged"), error.message);
    assertEquals(damaged.changes, 0);
  });
}
