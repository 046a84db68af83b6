// The lines that the benchmark program prints: `BENCH <kind> <words>`.

/** The line before the work that is timed. */
export interface BeginLine {
  readonly kind: "begin";
  readonly name: string;
}

/** How often an item has to be repeated to take the time asked for. */
export interface CalibratedLine {
  readonly kind: "calibrated";
  readonly name: string;
  readonly repeat: number;
}

/** One item, timed by the guest's clock. */
export interface RunLine {
  readonly kind: "run";
  readonly name: string;
  readonly repeat: number;
  readonly checksum: string;
  readonly ns: number;
}

/** One kernel on one hart, and on two at a time. */
export interface ScalingLine {
  readonly kind: "scaling";
  readonly name: string;
  readonly repeat: number;
  readonly checksum: string;
  readonly oneNs: number;
  readonly twoNs: number;
}

/** The program gave up. */
export interface FailedLine {
  readonly kind: "failed";
  readonly name: string;
}

/** Any line of the program. */
export type ProgramLine = BeginLine | CalibratedLine | RunLine | ScalingLine | FailedLine;

const MARK = "BENCH ";

/** What a console line says, or undefined when it is not one of the program's. */
export function parseProgramLine(line: string): ProgramLine | undefined {
  const at = line.indexOf(MARK);
  if (at < 0) return undefined;
  const [kind, name = "", ...words] = line.slice(at + MARK.length).trim().split(" ");
  const [repeat, checksum = "", first, second] = words;
  switch (kind) {
    case "begin":
      return { kind, name };
    case "calibrated":
      return { kind, name, repeat: count(repeat, line) };
    case "run":
      return { kind, name, repeat: count(repeat, line), checksum, ns: count(first, line) };
    case "scaling":
      return {
        ...{ kind, name, repeat: count(repeat, line), checksum },
        ...{ oneNs: count(first, line), twoNs: count(second, line) },
      };
    case "failed":
      return { kind, name: [name, ...words].join(" ") };
    default:
      throw new Error(`The benchmark program printed ${JSON.stringify(line)}`);
  }
}

function count(word: string | undefined, line: string): number {
  if (word === undefined || !/^\d+$/.test(word)) {
    throw new Error(`The benchmark program printed ${JSON.stringify(line)}`);
  }
  return Number(word);
}
