/** Text of results: a line for each test, and all that is needed to see a failure again. */
import type { Configuration } from "./configuration.ts";
import { describeConfiguration } from "./configuration.ts";
import { interestingCount, isWrong, type TestVerdict } from "./verdict.ts";

const MILLION = 1e6;
const NAME_WIDTH = 44;
const RATE_WIDTH = 9;

/** A test in one configuration, in a line; with the histogram below it when wanted, or when it is wrong. */
export function verdictText(verdict: TestVerdict, wantsHistogram: boolean): string {
  const { name, iterations, iterationsPerSecond, outcomes, allowed } = verdict;
  const rate = `${(iterationsPerSecond / MILLION).toFixed(2)} M/s`.padStart(RATE_WIDTH);
  const seen = outcomes.filter(({ isAllowed }) => isAllowed).length;
  const interesting = interestingCount(verdict);
  const parts = [
    isWrong(verdict) ? "WRONG" : "ok   ",
    name.padEnd(NAME_WIDTH),
    rate,
    `${seen} of ${allowed.length} allowed states`,
    interesting === 0 ? "never" : `sometimes: ${interesting} of ${iterations}`,
  ];
  if (!wantsHistogram && !isWrong(verdict)) return parts.join("  ");
  return [parts.join("  "), ...histogramLines(verdict)].join("\n");
}

function histogramLines({ outcomes, allowed }: TestVerdict): string[] {
  const seen = new Set(outcomes.map(({ text }) => text));
  return [
    ...outcomes.map(({ text, count, isAllowed, isInteresting }) =>
      `      ${String(count).padStart(10)}  ${text}${isInteresting ? "  *" : ""}${
        isAllowed ? "" : "  FORBIDDEN"
      }`
    ),
    ...allowed.filter((text) => !seen.has(text)).map((text) =>
      `      ${"-".padStart(10)}  ${text}`
    ),
  ];
}

/** The command that repeats a run, and the one that explains a final state. */
export function replayText(
  verdict: TestVerdict,
  place: { readonly configuration: number; readonly seed: number; readonly iterations: number },
): string {
  const wrong = verdict.outcomes.find(({ isAllowed }) => !isAllowed);
  const { configuration, seed, iterations } = place;
  return [
    `      again: deno task litmus --test '${verdict.name}' --config ${configuration} --seed ${seed} ` +
    `--iterations ${iterations}`,
    `      why: deno task litmus --explain '${verdict.name}' '${wrong?.text}'`,
  ].join("\n");
}

/** Heading of a configuration. */
export function configurationText(number: number, configuration: Configuration): string {
  return `configuration ${number}: ${describeConfiguration(configuration)}`;
}
