import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { BinaryenFactory } from "../binaryen/binaryen_builder.ts";
import { EncoderFactory } from "../encoder/module_encoder.ts";
import { type ModuleBuilder, wasmType } from "../module_builder.ts";
import { moduleImports } from "../module_fixture.ts";
import { FlowGraph } from "./flow_graph.ts";
import { type Edges, reducibleGraph } from "./graph_fixture.ts";
import { type NodeCode, StructuredControlFlow } from "./structured_control_flow.ts";

const [I32, NONE] = [wasmType("i32"), wasmType("void")];
const CHOICE = 0;
const STEPS = 60;
const binaryen = new BinaryenFactory();
const encoder = new EncoderFactory();

class Stop extends Error {}

/** Where a node goes on with a choice: a two-way end takes its first target when it is not 0. */
function nextNode(targets: readonly number[], choice: number): number | undefined {
  if (targets.length <= 1) return targets[0];
  if (targets.length === 2) return choice === 0 ? targets[1] : targets[0];
  return targets[Math.min(choice, targets.length - 1)];
}

function walkGraph(edges: Edges, choices: readonly number[]): number[] {
  const visited: number[] = [];
  for (let node: number | undefined = 0; node !== undefined && visited.length < STEPS;) {
    const choice = choices[visited.length];
    visited.push(node);
    node = nextNode(edges[node], choice);
  }
  return visited;
}

/** A node that tells the host where it is and gets the choice from it. */
function nodeCode(m: ModuleBuilder, targets: readonly number[], node: number): NodeCode {
  const visit = m.localSet(CHOICE, m.call("visit", [m.i32(node)], I32));
  const choice = () => m.localGet(CHOICE, I32);
  switch (targets.length) {
    case 0:
      return { statements: [visit, m.return()], end: { kind: "leave" } };
    case 1:
      return { statements: [visit], end: { kind: "jump", target: targets[0] } };
    case 2: {
      const [taken, otherwise] = targets;
      return {
        statements: [visit],
        end: { kind: "branch", condition: choice(), taken, otherwise },
      };
    }
    default: {
      const otherwise = targets[targets.length - 1];
      const end = {
        kind: "switch",
        index: choice(),
        targets: targets.slice(0, -1),
        otherwise,
      } as const;
      return { statements: [visit], end };
    }
  }
}

/** Binaryen checks; both builders are to make the same of it. */
function compile(edges: Edges): WebAssembly.Module[] {
  const checked = binaryen.create();
  build(edges, checked);
  checked.validate();
  const encoded = encoder.create();
  build(edges, encoded);
  return [checked, encoded].map((m) => {
    const module = new WebAssembly.Module(m.emit());
    m.dispose();
    return module;
  });
}

function build(edges: Edges, m: ModuleBuilder): void {
  m.importFunction("visit", [I32], I32);
  const switchTargets = edges.filter((row) => row.length > 2).flat();
  const placed: number[] = [];
  const lower = (node: number): NodeCode => {
    placed.push(node);
    return nodeCode(m, edges[node], node);
  };
  const graph = new FlowGraph(edges, 0);
  const body = new StructuredControlFlow(m, graph, switchTargets, lower).build();
  assertEquals(placed.toSorted(), graph.order.toSorted());
  m.addFunction("walk", [], NONE, [I32], body);
  m.exportFunction("walk");
}

/** The nodes in the order in which the compiled graph visits them. */
class WasmWalker {
  #choices: readonly number[] = [];
  #visited: number[] = [];
  readonly #imports = moduleImports({ visit: (node: number) => this.#visit(node) });

  #visit(node: number): number {
    if (this.#visited.length === STEPS) throw new Stop();
    this.#visited.push(node);
    return this.#choices[this.#visited.length - 1];
  }

  walk(module: WebAssembly.Module, choices: readonly number[]): number[] {
    this.#choices = choices;
    this.#visited = [];
    const { exports } = new WebAssembly.Instance(module, this.#imports);
    try {
      (exports.walk as CallableFunction)();
    } catch (error) {
      if (!(error instanceof Stop)) throw error;
    }
    return this.#visited;
  }
}

Deno.test("structured code visits the nodes that the graph visits, with loops and switches", () => {
  const walker = new WasmWalker();
  const shapes = { loops: 0, switches: 0 };
  const choices = fc.array(fc.nat(4), { minLength: STEPS, maxLength: STEPS });
  fc.assert(
    fc.property(
      reducibleGraph(),
      fc.array(choices, { minLength: 4, maxLength: 4 }),
      (edges, all) => {
        if (new FlowGraph(edges, 0).loops().size > 1) shapes.loops++;
        if (edges.some((row) => row.length > 2)) shapes.switches++;
        for (const module of compile(edges)) {
          for (const one of all) assertEquals(walker.walk(module, one), walkGraph(edges, one));
        }
      },
    ),
    { numRuns: 250 },
  );
  assert(shapes.loops > 20 && shapes.switches > 20, JSON.stringify(shapes));
});

Deno.test("an exit out of two nested loops leaves both", () => {
  const edges = [[1], [2, 4], [3, 2], [1, 4, 2], []];
  const walker = new WasmWalker();
  const [checked, encoded] = compile(edges);
  for (const choices of [[0, 0, 0], [0, 1, 1, 0], [0, 1, 0, 1, 0, 1, 1], [0, 1, 1, 2, 1, 1]]) {
    const padded = [...choices, ...Array.from({ length: STEPS }, () => 0)];
    assertEquals(walker.walk(checked, padded), walkGraph(edges, padded));
    assertEquals(walker.walk(encoded, padded), walkGraph(edges, padded));
  }
});

Deno.test("an irreducible graph is refused", () => {
  const graph = new FlowGraph([[1, 2], [2], [1]], 0);
  const lower = (): NodeCode => ({ statements: [], end: { kind: "leave" } });
  const m = encoder.create();
  assertThrows(() => new StructuredControlFlow(m, graph, [], lower), TypeError, "irreducible");
});
