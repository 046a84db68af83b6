// Draws ratios as horizontal bars: what is left of the line at 1 is faster than the reference.

/** One bar. */
export interface PlottedRatio {
  readonly name: string;
  /** Subject's time over reference's. */
  readonly ratio: number;
}

/** A drawing. */
export interface Plot {
  /** What the ratios are of. */
  readonly title: string;
  readonly bars: readonly PlottedRatio[];
}

const WIDTH = 720;
const NAME_WIDTH = 230;
const VALUE_WIDTH = 60;
const ROW_HEIGHT = 20;
const BAR_HEIGHT = 13;
const HEAD_HEIGHT = 52;
const FOOT_HEIGHT = 14;
const TEXT_RISE = 11;
const GAP = 8;
/** The line at 1 is always to be seen, with room behind it. */
const LEAST_END = 1.25;
const COLOURS = {
  faster: "#2a7f62",
  slower: "#b3541e",
  line: "#444",
  text: "#222",
  paper: "#fff",
} as const;

/** The plot as the text of an SVG image. */
export function renderPlot({ title, bars }: Plot): string {
  const height = HEAD_HEIGHT + bars.length * ROW_HEIGHT + FOOT_HEIGHT;
  const end = Math.max(LEAST_END, ...bars.map(({ ratio }) => ratio));
  const x = (ratio: number): number =>
    NAME_WIDTH + ratio / end * (WIDTH - NAME_WIDTH - VALUE_WIDTH);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" ` +
    `viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="${COLOURS.paper}"/>`,
    text(GAP, TEXT_RISE + GAP, title, "start"),
    text(x(1), HEAD_HEIGHT - GAP, "as fast as the reference", "middle"),
    ...bars.flatMap((bar, row) => barLines(bar, HEAD_HEIGHT + row * ROW_HEIGHT, x)),
    `<line x1="${pixels(x(1))}" x2="${pixels(x(1))}" y1="${HEAD_HEIGHT - GAP / 2}" ` +
    `y2="${height - FOOT_HEIGHT / 2}" stroke="${COLOURS.line}" stroke-dasharray="3 3"/>`,
    "</svg>",
    "",
  ].join("\n");
}

function barLines(
  { name, ratio }: PlottedRatio,
  y: number,
  x: (ratio: number) => number,
): string[] {
  const colour = ratio <= 1 ? COLOURS.faster : COLOURS.slower;
  const width = pixels(x(ratio) - NAME_WIDTH);
  return [
    text(NAME_WIDTH - GAP, y + TEXT_RISE, name, "end"),
    `<rect x="${NAME_WIDTH}" y="${y}" width="${width}" height="${BAR_HEIGHT}" fill="${colour}"/>`,
    text(x(ratio) + GAP / 2, y + TEXT_RISE, ratio.toFixed(2), "start"),
  ];
}

function text(x: number, y: number, content: string, anchor: "start" | "middle" | "end"): string {
  return `<text x="${pixels(x)}" y="${y}" text-anchor="${anchor}" fill="${COLOURS.text}">` +
    `${escaped(content)}</text>`;
}

function pixels(value: number): string {
  return value.toFixed(1);
}

function escaped(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
