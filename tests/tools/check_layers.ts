/**
 * `deno task layers`: checks the import rules of `layer_rules.ts` over the real module graph.
 *
 * The graph is Deno's own: a module that imports every file of the repository is made, and `deno info` tells
 * its dependencies (static, dynamic and type-only). Worker entry files appear in no import; they are found by
 * the form `new URL("./file.ts", import.meta.url)`.
 */

import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type ImportEdge, layerViolations } from "./layer_rules.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CACHE_FOLDER = join(ROOT, ".cache");
const WORKER_FORM = /new URL\(\s*"(\.{1,2}\/[^"]+\.ts)",\s*import\.meta\.url/g;

/** The parts of `deno info --json` that are read. */
interface Graph {
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly {
      readonly specifier: string;
      readonly code?: { readonly specifier?: string };
      readonly type?: { readonly specifier?: string };
    }[];
  }[];
}

/** Source files of the repository, from its root. */
export async function sourceFiles(folder: string = ROOT): Promise<string[]> {
  const files: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    const path = join(folder, entry.name);
    if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
    if (entry.isDirectory) files.push(...await sourceFiles(path));
    else if (path.endsWith(".ts") && !path.endsWith(".d.ts")) files.push(fromRoot(path));
  }
  return files.sort();
}

function fromRoot(path: string): string {
  return relative(ROOT, path).replaceAll(sep, "/");
}

async function importEdges(files: readonly string[]): Promise<ImportEdge[]> {
  const wanted = new Set(files);
  const graph = await moduleGraph(files);
  return graph.modules.flatMap((module) => {
    if (!module.specifier.startsWith("file:")) return [];
    const from = fromRoot(fileURLToPath(module.specifier));
    if (!wanted.has(from)) return [];
    return (module.dependencies ?? []).map((dependency) => ({
      from,
      to: targetOf(dependency.specifier, dependency.code?.specifier ?? dependency.type?.specifier),
    }));
  });
}

/** Files by their path from the root, packages by the name that was written. */
function targetOf(written: string, resolved: string | undefined): string {
  return resolved?.startsWith("file:") ? fromRoot(fileURLToPath(resolved)) : written;
}

async function moduleGraph(files: readonly string[]): Promise<Graph> {
  await Deno.mkdir(CACHE_FOLDER, { recursive: true });
  const entry = join(CACHE_FOLDER, "all_modules.ts");
  const imports = files.map((file) => `import ${JSON.stringify(pathToFileURL(join(ROOT, file)))};`);
  await Deno.writeTextFile(entry, imports.join("\n"));
  try {
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", "--config", join(ROOT, "deno.json"), entry],
    }).output();
    if (!success) throw new Error(`deno info failed: ${new TextDecoder().decode(stderr)}`);
    return JSON.parse(new TextDecoder().decode(stdout));
  } finally {
    await Deno.remove(entry);
  }
}

async function workerEdges(files: readonly string[]): Promise<ImportEdge[]> {
  const edges: ImportEdge[] = [];
  for (const from of files) {
    const source = await Deno.readTextFile(join(ROOT, from));
    for (const [, to] of source.matchAll(WORKER_FORM)) {
      edges.push({ from, to: fromRoot(join(ROOT, dirname(from), to)) });
    }
  }
  return edges;
}

if (import.meta.main) {
  const files = await sourceFiles();
  const edges = [...await importEdges(files), ...await workerEdges(files)];
  const violations = layerViolations(edges);
  for (const { from, to, rule } of violations) {
    console.error(`${from} imports ${to}\n  rule: ${rule}`);
  }
  console.log(
    `layers: ${files.length} files, ${edges.length} imports, ${violations.length} forbidden`,
  );
  if (edges.length < files.length) throw new Error("the module graph is incomplete");
  if (violations.length > 0) Deno.exitCode = 1;
}
