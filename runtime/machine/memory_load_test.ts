import { assertEquals, assertThrows } from "@std/assert";
import { elfFile, PHYSICAL_BASE } from "../loader/elf_fixture.ts";
import { LoadError } from "../loader/load_error.ts";
import { loadBoard } from "./boards/boards.ts";
import { planImages } from "./image_plan.ts";
import { planLoads } from "./memory_load.ts";
import { ConfigurationError, describeMachine, type MachineOptions } from "./options.ts";

const ADDRESS = 0x8010_0000;
const ELF = { name: "program", bytes: elfFile() };
const NONE: MachineOptions = { bios: "none", harts: 2 };

function plan(options: MachineOptions): ReturnType<typeof planLoads> {
  return planLoads(describeMachine({ ...NONE, ...options }));
}

Deno.test("an ELF file goes to its own addresses unless it is taken as it is", () => {
  const starts = (raw: boolean): number[] =>
    plan({ loads: [{ file: ELF, address: ADDRESS, raw }] }).segments
      .map(({ physicalAddress }) => physicalAddress);
  assertEquals(starts(false)[0], PHYSICAL_BASE);
  assertEquals(starts(true), [ADDRESS]);
});

Deno.test("harts start at addresses and entry points", () => {
  const { startAddresses } = plan({
    loads: [{ file: ELF, address: 0, hart: 1 }, { address: ADDRESS, hart: 0 }],
  });
  assertEquals([...startAddresses], [[1, PHYSICAL_BASE + 4], [0, ADDRESS]]);
});

Deno.test("a hart that is started elsewhere has zero registers, the others come from the ROM", async () => {
  const board = await loadBoard("virt");
  const description = describeMachine({ ...NONE, loads: [{ address: ADDRESS, hart: 1 }] });
  const { images } = await planImages(description, board);
  assertEquals(board.hartStarts(2, images).map(({ pc }) => pc), [0x8000_0000, ADDRESS]);
  assertEquals(board.hartStarts(2, images)[1].registers, []);
});

Deno.test("loads that overlap another image or lie outside RAM are refused by name", async () => {
  const board = await loadBoard("virt");
  const refusal = (address: number): Promise<unknown> =>
    planImages(
      describeMachine({
        ...NONE,
        kernel: { name: "kernel", bytes: new Uint8Array(16) },
        loads: [{ address, bytes: Uint8Array.of(1) }],
      }),
      board,
    ).catch((error: unknown) => error instanceof ConfigurationError ? error.message : error);
  const value = "the value of -device loader,addr=0x";
  assertEquals(
    await refusal(0x8000_000f),
    `${value}8000000f at 0x8000000f..0x8000000f: it overlaps kernel at 0x80000000..0x8000000f ` +
      "(use a larger -m, or images that are linked for other addresses)",
  );
  assertEquals(
    await refusal(0x1000),
    `${value}1000 at 0x1000..0x1000: RAM is 0x80000000..0x87ffffff ` +
      "(use a larger -m, or link the program for addresses in RAM)",
  );
});

Deno.test("harts that do not exist or would go around the built-in firmware are refused", () => {
  for (const hart of [2, -1, 0.5]) {
    const start = () => plan({ loads: [{ address: ADDRESS, hart }] });
    assertThrows(start, ConfigurationError, "the machine has harts 0 to 1");
  }
  assertThrows(
    () => plan({ bios: "default", loads: [{ address: ADDRESS, hart: 0 }] }),
    ConfigurationError,
    "would go around the built-in firmware",
  );
});

Deno.test("files whose format has addresses that cannot be read are refused", () => {
  const uImage = { name: "uImage", bytes: Uint8Array.of(0x27, 0x05, 0x19, 0x56, 0, 0) };
  assertThrows(() => plan({ loads: [{ file: uImage, address: ADDRESS }] }), LoadError, "U-Boot");
  assertEquals(plan({ loads: [{ file: uImage, address: ADDRESS, raw: true }] }).segments.length, 1);
});
