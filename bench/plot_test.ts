import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { renderPlot } from "./plot.ts";

function widths(svg: string): number[] {
  return [...svg.matchAll(/<rect x="[^"]*" y="[^"]*" width="([\d.]+)"/g)].map(([, width]) =>
    Number(width)
  );
}

Deno.test("bars are as long as their ratios, and coloured by the side of 1 they are on", () => {
  const svg = renderPlot({
    title: "t",
    bars: [{ name: "a", ratio: 0.5 }, { name: "b", ratio: 1 }, { name: "c", ratio: 2 }],
  });
  const [half, whole, double] = widths(svg);
  assertEquals([whole, double], [2 * Number(half), 4 * Number(half)]);
  const colours = [...svg.matchAll(/height="13" fill="(#\w+)"/g)].map(([, colour]) => colour);
  assertEquals(colours[0], colours[1]);
  assertEquals(colours.length, 3);
  assertEquals(colours[2] === colours[0], false);
});

Deno.test("names are text of the image, whatever is in them", () => {
  const svg = renderPlot({ title: "a & b", bars: [{ name: "<x>", ratio: 1 }] });
  assertStringIncludes(svg, ">&lt;x&gt;</text>");
  assertStringIncludes(svg, "<title>a &amp; b</title>");
  assertMatch(svg, /^<svg [^>]*>[\s\S]*<\/svg>\n$/);
});
