/** `deno task fuzz virtio`: hostile rings, seed after seed. */
import type { FuzzCounts, FuzzOptions, SeedFuzzer } from "../fuzz_options.ts";
import { markdownTable } from "../results_document.ts";
import { AttackSuite } from "./attack_suite.ts";

const STRIDE = 5000;

function run({ seed: first, count, say, stopsAtFirst }: FuzzOptions): Promise<FuzzCounts> {
  const attack = new AttackSuite();
  let failures = 0;
  let attacks = 0;
  for (let seed = first; seed < first + count; seed++) {
    const wrong = attack.run(seed);
    attacks++;
    if (wrong.length > 0) {
      failures++;
      say(
        `seed ${seed}: ${wrong.slice(0, 4).join("; ")}\n  again: deno task fuzz virtio ${seed} 1`,
      );
      if (stopsAtFirst) break;
    }
    if (attacks % STRIDE === 0) say(`${attacks} attacks, ${failures} failures`);
  }
  return Promise.resolve({ ...attack.counts, attacks, failures });
}

function describe(command: string, counts: FuzzCounts): string {
  const { attacks, rings, refused, requests, resets, failures } = counts;
  return [
    `\`${command}\``,
    "",
    "After each ring all stores were allowed by the driver; after each attack the device works.",
    "",
    markdownTable([
      ["attacks", "rings", "devices stopped", "requests", "resets in them", "failures"],
      [attacks, rings, refused, requests, resets, failures],
    ]),
  ].join("\n");
}

/** `deno task fuzz virtio`. */
export const VIRTIO_FUZZER: SeedFuzzer = { section: "Virtio rings", run, describe };
