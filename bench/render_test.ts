import {
  assertAlmostEquals,
  assertEquals,
  assertNotMatch,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  type ComparedRow,
  type ComparisonRecord,
  measurementOf,
  RECORD_SCHEMA,
  translationCounts,
} from "./record.ts";
import { ratio, ratioWithoutStartUp, renderRecord, replaceSection } from "./render.ts";

function row(name: string, subject: number, reference: number): ComparedRow {
  return {
    name,
    subject: measurementOf([{ wallMs: subject, cpuMs: subject }]),
    reference: measurementOf([{ wallMs: reference, cpuMs: reference }]),
  };
}

const RECORD: ComparisonRecord = {
  schema: RECORD_SCHEMA,
  kind: "kernels",
  date: "2000-01-01",
  commit: "0000000",
  machine: { cpu: "Some CPU", cores: 2, os: "linux", architecture: "x86_64" },
  rounds: 1,
  subject: "A",
  reference: "B",
  startUp: row("empty", 100, 20),
  rows: [row("one", 200, 220), row("two", 500, 120)],
};

Deno.test("ratios are subject over reference, with and without start-up", () => {
  const [one] = RECORD.rows;
  const startUp = RECORD.startUp;
  if (one === undefined || startUp === undefined) throw new Error("incomplete record");
  assertAlmostEquals(ratio(one, "cpuMs"), 200 / 220);
  assertAlmostEquals(ratioWithoutStartUp(one, startUp, "cpuMs"), 0.5);
  assertEquals(ratioWithoutStartUp(row("small", 90, 50), startUp, "cpuMs"), NaN);
});

Deno.test("renderRecord() ends a kernel table with geometric means", () => {
  const text = renderRecord(RECORD);
  assertStringIncludes(text, "| one | 200 (0 %) | 220 (0 %) |");
  assertStringIncludes(text, "| 0.91 | 0.50 | 0.91 | 0.50 |");
  assertStringIncludes(
    text,
    "| **geometric mean** |  |  |  |  | **1.95** | **1.41** | **1.95** | **1.41** |  |",
  );
});

Deno.test("renderRecord() gives boots no start-up columns", () => {
  const { startUp: _, ...boot } = RECORD;
  assertNotMatch(renderRecord({ ...boot, kind: "boot" }), /geometric mean/);
});

Deno.test("replaceSection() touches only its own section", () => {
  const document = "a\n<!-- begin x -->\nold\n<!-- end x -->\nb <!-- begin y --><!-- end y -->";
  assertEquals(
    replaceSection(document, "x", "new"),
    "a\n<!-- begin x -->\n\nnew\n\n<!-- end x -->\nb <!-- begin y --><!-- end y -->",
  );
  assertThrows(() => replaceSection(document, "z", "new"), Error, 'no section "z"');
});

Deno.test("statistics that the subject printed are read, and shown where there are some", () => {
  const counts = translationCounts(
    "in the hot tier             74.7 %\ninstructions compiled       12772 (9075 per second)\n",
  );
  assertEquals(counts, { hotPercent: 74.7, compiled: 12772, compiledPerSecond: 9075 });
  assertEquals(translationCounts("no statistics"), undefined);
  const [one, two] = RECORD.rows;
  if (one === undefined || two === undefined || counts === undefined) {
    throw new Error("incomplete record");
  }
  const { startUp: _, ...boot } = RECORD;
  const text = renderRecord({ ...boot, kind: "boot", rows: [{ ...one, counts }, two] });
  assertStringIncludes(text, "| 0.91 | 0.91 | 74.7 % | 12772 | 9075 |");
  assertStringIncludes(text, "| 4.17 | 4.17 |  |  |  |");
});
