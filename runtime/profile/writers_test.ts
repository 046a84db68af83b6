import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type CallNode, CallTree } from "./call_tree.ts";
import { cpuProfile } from "./cpu_profile.ts";
import { flameGraph } from "./flame_graph.ts";
import { foldedStacks } from "./folded_stacks.ts";

const RATE = 1000;

function trees(): CallTree[] {
  const [first, second] = [new CallTree("hart 0"), new CallTree("hart 1")];
  first.add(["main", "work"], 3);
  first.add(["main"], 1);
  first.add(["main", "work"], 1);
  first.add(["idle"], 5);
  second.add(["a;b<c>&"], 2);
  return [first, second];
}

function sumOfSelf(node: CallNode): number {
  return [...node.children.values()].reduce((sum, child) => sum + sumOfSelf(child), node.self);
}

Deno.test("totals are sums of what functions are found in themselves", () => {
  const [first] = trees();
  assertEquals(first.root.total, 10);
  assertEquals(sumOfSelf(first.root), 10);
  assertEquals(first.root.children.get("main")?.total, 5);
  assertEquals(first.runs.map(({ node, count }) => [node.name, count]), [
    ["work", 3],
    ["main", 1],
    ["work", 1],
    ["idle", 5],
  ]);
});

Deno.test("folded stacks: a line for each stack, no semicolon inside of a name", () => {
  assertEquals(
    foldedStacks(trees()),
    [
      "hart 0;idle 5",
      "hart 0;main 1",
      "hart 0;main;work 4",
      "hart 1;a:b<c>& 2",
      "",
    ].join("\n"),
  );
});

Deno.test("a .cpuprofile is a tree with samples whose times add up", () => {
  const { nodes, samples, timeDeltas, startTime, endTime } = JSON.parse(cpuProfile(trees(), RATE));
  const names = new Map<number, string>();
  const children = new Set<number>();
  for (const node of nodes) {
    names.set(node.id, node.callFrame.functionName);
    for (const child of node.children) children.add(child);
  }
  assertEquals(nodes[0].callFrame.functionName, "(root)");
  assertEquals(children.size, nodes.length - 1); // each but the root has one parent
  assertEquals(samples.map((id: number) => names.get(id)), [
    ...["work", "main", "work", "idle"],
    ...["a;b<c>&", "(root)"],
  ]);
  assertEquals(timeDeltas, [0, 3000, 1000, 1000, 5000, 2000]);
  assertEquals([startTime, endTime], [0, 12_000]);
  const hits = nodes.reduce((sum: number, node: { hitCount: number }) => sum + node.hitCount, 0);
  assertEquals(hits, 12);
});

Deno.test("a flame graph is well-formed and tells name, samples and share", () => {
  const svg = flameGraph(trees(), "title <1>");
  assertStringIncludes(svg, "<title>work: 4 samples, 33.3 %</title>");
  assertStringIncludes(svg, "a;b&lt;c&gt;&amp;: 2 samples");
  assertStringIncludes(svg, "title &lt;1&gt;");
  const open = svg.match(/<(svg|g|title|text)\b/g)?.length;
  assertEquals(svg.match(/<\/(svg|g|title|text)>/g)?.length, open);
  assert(!/NaN|undefined|-\d+\.\d"/.test(svg), svg);
});

Deno.test("a profile without samples can be written", () => {
  const none = [new CallTree("hart 0")];
  assertEquals(foldedStacks(none), "");
  assertEquals(JSON.parse(cpuProfile(none, RATE)).endTime, 0);
  assertStringIncludes(flameGraph(none, "nothing"), "</svg>");
});
