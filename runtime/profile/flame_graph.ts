/**
 * A profile as a flame graph: an SVG drawing that any browser shows, with nothing else needed. Each function is a bar
 * as wide as its share of the samples, on the bar of its caller; pointing at a bar tells name, samples and share.
 */

import type { CallNode, CallTree } from "./call_tree.ts";

const WIDTH = 1200;
const MARGIN = 10;
const TITLE_HEIGHT = 28;
const BAR_HEIGHT = 16;
const FONT_SIZE = 11;
/** Width of a character of that size, about. */
const CHARACTER_WIDTH = 6.6;
const TEXT_INSET = 3;
/** Bars that are narrower are not drawn. */
const LEAST_WIDTH = 0.3;
/** Narrower bars have no text. */
const LEAST_CHARACTERS = 3;
const PERCENT = 100;

/** What is drawn besides functions. */
const COLOR_IDLE = "hsl(210 15% 85%)";

interface Bar {
  readonly node: CallNode;
  readonly left: number;
  readonly depth: number;
}

/** The drawing's text. */
export function flameGraph(trees: readonly CallTree[], title: string): string {
  const samples = trees.reduce((sum, { root }) => sum + root.total, 0);
  const scale = samples === 0 ? 0 : (WIDTH - 2 * MARGIN) / samples;
  const bars: Bar[] = [];
  let left = MARGIN;
  for (const { root } of trees) {
    collectBars({ node: root, left, depth: 0 }, scale, bars);
    left += root.total * scale;
  }
  const deepest = bars.reduce((most, { depth }) => Math.max(most, depth), 0);
  const height = TITLE_HEIGHT + (deepest + 1) * BAR_HEIGHT + MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" ` +
    `viewBox="0 0 ${WIDTH} ${height}" font-family="monospace" font-size="${FONT_SIZE}">`,
    `<rect width="${WIDTH}" height="${height}" fill="white"/>`,
    `<text x="${MARGIN}" y="${TITLE_HEIGHT - MARGIN}">${escaped(title)}</text>`,
    ...bars.map((bar) => barText(bar, scale, height, samples)),
    "</svg>",
    "",
  ].join("\n");
}

function collectBars(bar: Bar, scale: number, bars: Bar[]): void {
  if (bar.node.total * scale < LEAST_WIDTH) return;
  bars.push(bar);
  let { left } = bar;
  const children = [...bar.node.children.values()].sort((a, b) => a.name < b.name ? -1 : 1);
  for (const node of children) {
    collectBars({ node, left, depth: bar.depth + 1 }, scale, bars);
    left += node.total * scale;
  }
}

function barText({ node, left, depth }: Bar, scale: number, height: number, all: number): string {
  const width = node.total * scale;
  const top = height - MARGIN - (depth + 1) * BAR_HEIGHT;
  const room = Math.floor((width - 2 * TEXT_INSET) / CHARACTER_WIDTH);
  const label = node.name.length <= room ? node.name : `${node.name.slice(0, room - 2)}..`;
  const share = (node.total / all * PERCENT).toFixed(1);
  const text = room < LEAST_CHARACTERS
    ? ""
    : `<text x="${(left + TEXT_INSET).toFixed(1)}" y="${top + FONT_SIZE + 1}">${
      escaped(label)
    }</text>`;
  return `<g><title>${escaped(`${node.name}: ${node.total} samples, ${share} %`)}</title>` +
    `<rect x="${left.toFixed(1)}" y="${top}" width="${width.toFixed(1)}" ` +
    `height="${BAR_HEIGHT - 1}" rx="1" fill="${colorOf(node)}"/>${text}</g>`;
}

/** Kernels, programs and machine code without a name differ in color; the same name has the same color. */
function colorOf({ name }: CallNode): string {
  if (name === "idle") return COLOR_IDLE;
  let hash = 0;
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return `hsl(${20 + hash % 40} 85% ${62 + (hash >>> 8) % 14}%)`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
