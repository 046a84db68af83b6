/**
 * A profile in the format of V8's processor profiles (`.cpuprofile`), for the browser's developer tools and
 * speedscope. The format knows one thread: harts follow each other in time, each with its samples in their order.
 *
 * Format: Chrome DevTools Protocol, type "Profiler.Profile".
 */

import type { CallNode, CallTree } from "./call_tree.ts";

const MICROSECONDS = 1e6;

interface ProfileNode {
  readonly id: number;
  readonly callFrame: {
    readonly functionName: string;
    readonly scriptId: string;
    readonly url: string;
    readonly lineNumber: number;
    readonly columnNumber: number;
  };
  readonly hitCount: number;
  readonly children: number[];
}

/** The file's text. */
export function cpuProfile(trees: readonly CallTree[], samplesPerSecond: number): string {
  const nodes: ProfileNode[] = [];
  const ids = new Map<CallNode, number>();
  const root = profileNode(1, "(root)", 0);
  nodes.push(root);
  for (const tree of trees) root.children.push(addNode(tree.root, nodes, ids));
  const samples: number[] = [];
  const timeDeltas: number[] = [];
  let delta = 0;
  for (const { node, count } of trees.flatMap(({ runs }) => runs)) {
    samples.push(ids.get(node) ?? root.id);
    timeDeltas.push(delta);
    delta = Math.round(count * MICROSECONDS / samplesPerSecond);
  }
  samples.push(root.id);
  timeDeltas.push(delta);
  const endTime = timeDeltas.reduce((sum, time) => sum + time, 0);
  return JSON.stringify({ nodes, startTime: 0, endTime, samples, timeDeltas });
}

function addNode(node: CallNode, nodes: ProfileNode[], ids: Map<CallNode, number>): number {
  const made = profileNode(nodes.length + 1, node.name, node.self);
  nodes.push(made);
  ids.set(node, made.id);
  for (const child of node.children.values()) made.children.push(addNode(child, nodes, ids));
  return made.id;
}

function profileNode(id: number, functionName: string, hitCount: number): ProfileNode {
  const callFrame = { functionName, scriptId: "0", url: "", lineNumber: -1, columnNumber: -1 };
  return { id, callFrame, hitCount, children: [] };
}
