/** `deno task fuzz shares`: hostile messages to shared folders, seed after seed. */
import type { FuzzCounts, FuzzOptions, SeedFuzzer } from "../fuzz_options.ts";
import { markdownTable } from "../results_document.ts";
import { MessageAttack } from "./message_attack.ts";

const STRIDE = 1000;

function run({ seed: first, count, say, stopsAtFirst }: FuzzOptions): Promise<FuzzCounts> {
  const attack = new MessageAttack();
  let failures = 0;
  let attacks = 0;
  for (let seed = first; seed < first + count; seed++) {
    const wrong = attack.run(seed);
    attacks++;
    if (wrong.length > 0) {
      failures++;
      say(
        `seed ${seed}: ${wrong.slice(0, 4).join("; ")}\n  again: deno task fuzz shares ${seed} 1`,
      );
      if (stopsAtFirst) break;
    }
    if (attacks % STRIDE === 0) say(`${attacks} attacks, ${failures} failures`);
  }
  return Promise.resolve({ ...attack.counts, attacks, failures });
}

function describe(command: string, counts: FuzzCounts): string {
  const { attacks, messages, refused, failures } = counts;
  return [
    `\`${command}\``,
    "",
    "After each attack nothing outside of the folder has changed or was told, and a new session works.",
    "",
    markdownTable([
      ["attacks", "messages", "refused", "failures"],
      [attacks, messages, refused, failures],
    ]),
  ].join("\n");
}

/** `deno task fuzz shares`. */
export const SHARE_FUZZER: SeedFuzzer = { section: "Shared folders", run, describe };
