/**
 * A profile as folded stacks: a line for each stack, its functions from the outermost on with semicolons between, a
 * space, the number of samples. Flame graph tools and speedscope read it, and so do `sort` and `grep`.
 */

import type { CallNode, CallTree } from "./call_tree.ts";

/** The lines, of harts in order, else by name. */
export function foldedStacks(trees: readonly CallTree[]): string {
  return trees.flatMap(({ root }) => linesOf(root, "")).join("");
}

function linesOf(node: CallNode, path: string): string[] {
  const own = path + node.name.replaceAll(";", ":");
  const lines = node.self > 0 ? [`${own} ${node.self}\n`] : [];
  const children = [...node.children.values()].sort((a, b) => a.name < b.name ? -1 : 1);
  return [...lines, ...children.flatMap((child) => linesOf(child, `${own};`))];
}
