// What fio is asked to do, and what it says it has done. Names of its options and results are those of fio's manual.

import type { LoadResult } from "../guest_loads.ts";

/** Kinds of requests. */
export const REQUESTS = [
  { name: "randread-4k", direction: "read", options: ["rw=randread", "bs=4k", "norandommap"] },
  { name: "randwrite-4k", direction: "write", options: ["rw=randwrite", "bs=4k", "norandommap"] },
  { name: "read-1M", direction: "read", options: ["rw=read", "bs=1M"] },
  { name: "write-1M", direction: "write", options: ["rw=write", "bs=1M"] },
] as const;
/** How many processes make them. */
export const JOBS = [1, 4] as const;

const P99 = "99.000000";
const NS_PER_US = 1000;

/** Past the guest's page cache, one request after the other. */
const GLOBAL = [
  ...["filename=/dev/vda", "direct=1", "ioengine=psync", "time_based", "group_reporting"],
  "percentile_list=99",
];

/** The parts of fio's output that are looked at. */
interface FioOutput {
  readonly jobs: readonly FioJob[];
}

interface FioJob {
  readonly jobname: string;
  readonly error: number;
  readonly read: FioDirection;
  readonly write: FioDirection;
}

interface FioDirection {
  readonly iops: number;
  readonly clat_ns: { readonly percentile?: Readonly<Record<string, number>> };
}

/** Every kind of requests by each number of processes, one after the other, each for so many seconds. */
export function fioJobs(seconds: number): string {
  const sections = loads().map(({ section, options, jobs }) => [
    `[${section}]`,
    ...["stonewall", "new_group", `numjobs=${jobs}`, ...options],
  ]);
  return ["[global]", ...GLOBAL, `runtime=${seconds}`, ...sections.flat(), ""].join("\n");
}

/** How many of them there are. */
export function fioJobCount(): number {
  return loads().length;
}

/** What fio's output in JSON says of them. */
export function fioResults(json: string): LoadResult[] {
  const { jobs: seen }: FioOutput = JSON.parse(json);
  return loads().flatMap(({ section, name, direction, jobs }) => {
    const job = seen.find(({ jobname }) => jobname === section);
    if (job === undefined) return [];
    const { iops, clat_ns: { percentile } } = job[direction];
    const p99 = percentile?.[P99];
    return [{
      ...{ name, workers: jobs, perSecond: iops, errors: job.error === 0 ? 0 : 1 },
      ...p99 === undefined ? {} : { p99Us: p99 / NS_PER_US },
    }];
  });
}

function loads() {
  return REQUESTS.flatMap((request) =>
    JOBS.map((jobs) => ({ ...request, jobs, section: `${request.name}-x${jobs}` }))
  );
}
