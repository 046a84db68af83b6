/**
 * Which part of the repository may import which: the architecture as a table.
 *
 * A module belongs to the layer with the longest matching path. Guests are confined: a guest's folder under
 * `frontend/` is imported by itself, by boards and by tests; everyone else knows guests by the contract in
 * `frontend/*.ts` alone.
 */

/** One import: paths from the repository's root, or a bare specifier (`binaryen`, `node:path`). */
export interface ImportEdge {
  readonly from: string;
  readonly to: string;
}

/** A forbidden import and the rule that forbids it. */
export interface Violation extends ImportEdge {
  readonly rule: string;
}

interface Layer {
  readonly path: string;
  /** Layers it may import besides itself. */
  readonly uses: readonly string[];
  /** May it use what the host offers (`node:` modules)? */
  readonly host: boolean;
}

const EVERY_LAYER = ["ir", "frontend", "optimizer", "wasm_backend", "runtime", "runtime/atomics"];

const LAYERS: readonly Layer[] = [
  { path: "ir", uses: [], host: false },
  { path: "runtime/atomics", uses: [], host: false },
  { path: "frontend", uses: ["ir"], host: false },
  { path: "optimizer", uses: ["ir"], host: false },
  { path: "wasm_backend", uses: ["ir", "runtime/atomics"], host: false },
  { path: "runtime", uses: EVERY_LAYER, host: true },
  { path: "mod.ts", uses: ["runtime"], host: false },
  { path: "deno.json", uses: [], host: false },
  { path: "tests", uses: [...EVERY_LAYER, "mod.ts", "bench"], host: true },
  { path: "bench", uses: [...EVERY_LAYER, "mod.ts", "tests"], host: true },
];

/** Packages and the modules that may import them; tests may import what is listed as theirs. */
const PACKAGES: readonly { readonly name: string; readonly importers: RegExp }[] = [
  { name: "binaryen", importers: /^wasm_backend\/binaryen\/binaryen_package\.ts$/ },
  { name: "binaryen/index.js", importers: /^wasm_backend\/binaryen\/binaryen_package\.ts$/ },
  { name: "@std/cli", importers: /^(runtime|tests|bench)\// },
  { name: "@std/assert", importers: /(^(tests|bench)\/|_(test|fixture)\.ts$)/ },
  { name: "fast-check", importers: /(^tests\/|_(test|fixture)\.ts$)/ },
];

/** A guest's folder; what guests share has a folder of its own there. */
const GUEST_FOLDER = /^frontend\/(?!softfloat\/)([^/]+)\//;
const GUEST_USERS = /^(runtime\/machine\/boards|tests|bench)\//;

/** Forbidden imports among the given ones. */
export function layerViolations(edges: readonly ImportEdge[]): Violation[] {
  return edges.flatMap((edge) => {
    const rule = brokenRule(edge);
    return rule === undefined ? [] : [{ ...edge, rule }];
  });
}

function brokenRule(edge: ImportEdge): string | undefined {
  const layer = layerOf(edge.from);
  if (layer === undefined) return "it is in no known layer";
  if (edge.to.startsWith("node:")) return hostRule(edge, layer);
  const target = layerOf(edge.to);
  if (target === undefined) return packageRule(edge);
  if (target.path === "deno.json") return undefined;
  if (target !== layer && !layer.uses.includes(target.path)) {
    return `${layer.path} may import ${layer.uses.join(", ") || "nothing"} besides itself`;
  }
  return guestRule(edge);
}

function hostRule({ from }: ImportEdge, layer: Layer): string | undefined {
  return layer.host || from.endsWith("_test.ts") ? undefined : `${layer.path} runs on any host`;
}

function packageRule({ from, to }: ImportEdge): string | undefined {
  const known = PACKAGES.find(({ name }) => name === to);
  if (known === undefined) return `"${to}" is not among the packages of this project`;
  return known.importers.test(from) ? undefined : `"${to}" is imported by ${known.importers} only`;
}

function guestRule({ from, to }: ImportEdge): string | undefined {
  const guest = GUEST_FOLDER.exec(to)?.[1];
  if (guest === undefined || GUEST_FOLDER.exec(from)?.[1] === guest || GUEST_USERS.test(from)) {
    return undefined;
  }
  return `guest "${guest}" is known to boards alone: use the contract in frontend/frontend.ts`;
}

function layerOf(path: string): Layer | undefined {
  return LAYERS.filter((layer) => path === layer.path || path.startsWith(`${layer.path}/`))
    .toSorted((a, b) => b.path.length - a.path.length)[0];
}
