import { assertEquals, assertMatch } from "@std/assert";
import { fioJobs, fioResults, JOBS, REQUESTS } from "./fio_jobs.ts";

const idle = { iops: 0, clat_ns: { min: 0 } };

Deno.test("each kind of requests has a section for each number of processes, one behind the other", () => {
  const text = fioJobs(3);
  assertMatch(text, /^\[global\]\n/);
  assertMatch(text, /^runtime=3$/m);
  const sections = text.split(/^\[(?=.*-x)/m).slice(1);
  assertEquals(sections.length, REQUESTS.length * JOBS.length);
  for (const section of sections) assertMatch(section, /^stonewall$/m);
  assertMatch(sections[1], /^randread-4k-x4\]\n(.*\n)*numjobs=4\n(.*\n)*rw=randread\n/);
});

Deno.test("requests in a second and their slowest hundredth are those of the direction that was asked for", () => {
  const json = JSON.stringify({
    jobs: [
      {
        jobname: "randread-4k-x4",
        error: 0,
        read: { iops: 12_345.5, clat_ns: { percentile: { "99.000000": 90_112 } } },
        write: idle,
      },
      { jobname: "write-1M-x1", error: 5, read: { ...idle, iops: 7 }, write: idle },
    ],
  });
  assertEquals(fioResults(json), [
    { name: "randread-4k", workers: 4, perSecond: 12_345.5, errors: 0, p99Us: 90.112 },
    { name: "write-1M", workers: 1, perSecond: 0, errors: 1 },
  ]);
});
