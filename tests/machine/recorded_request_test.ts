/** What `-d request` writes down is enough to lift the same regions without the machine. */
import { assertEquals } from "@std/assert";
import { RiscvFrontend } from "../../frontend/riscv/riscv_frontend.ts";
import { printRegion } from "../../ir/text/printer.ts";
import { createMachine } from "../../runtime/machine/machine.ts";
import { describeMachine } from "../../runtime/machine/options.ts";
import { type RecordedRequest, requestFrom } from "../../runtime/translation/recorded_request.ts";
import { readGuestElf } from "../guests/guest_elf.ts";

const GUEST = "smp_amo";
/** Work of the first run; it doubles until the guest outlasts the first compilation. */
const FIRST_ITERATIONS = 1_000_000;
const MOST_ITERATIONS = 64_000_000;
const MEMORY_BYTES = 16 * 2 ** 20;

/** Runs the guest to its end. @returns the log of the compiler */
async function logOf(iterations: number): Promise<string> {
  const file = await Deno.makeTempFile();
  try {
    const kernel = {
      name: GUEST,
      bytes: await readGuestElf(GUEST, "virt", { harts: 1, iterations }),
    };
    const machine = await createMachine(
      describeMachine({
        ...{ bios: "none", memoryBytes: MEMORY_BYTES, kernel },
        debug: { categories: ["request", "op"], file },
      }),
    );
    await machine.console.readable.cancel();
    await machine.start();
    assertEquals(await machine.exited, { reason: "power-off", code: 0 });
    return await Deno.readTextFile(file);
  } finally {
    await Deno.remove(file);
  }
}

/** What the log has of regions that were compiled, and all of it. */
async function recordedRun(): Promise<{ log: string; records: RecordedRequest[] }> {
  for (let iterations = FIRST_ITERATIONS; iterations <= MOST_ITERATIONS; iterations *= 2) {
    const log = await logOf(iterations);
    const lines = [...log.matchAll(/^\{"region":.*$/gm)];
    const records = lines.map(([line]) => JSON.parse(line) as RecordedRequest);
    if (records.length > 0) return { log, records };
  }
  throw new Error("Cannot make a hart execute compiled code");
}

Deno.test("recorded requests lift to the regions that the machine compiled", async () => {
  const { log, records } = await recordedRun();
  const frontend = new RiscvFrontend();
  for (const record of records) {
    const title = new RegExp(`^--- IR as lifted of region ${record.region} at .*\n`, "m");
    const [, text] = log.split(title);
    const lifted = printRegion(frontend.liftRegion(requestFrom(record)));
    assertEquals(text.slice(0, lifted.length + 1), `${lifted}\n`);
  }
});
