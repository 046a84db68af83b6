/**
 * `test optimize passes=a,b`: the passes are run over each region, verified before and after each; expected
 * are the regions. Without `passes`, the whole pipeline is run.
 */
import { parseModule } from "../../../ir/text/parser.ts";
import { printRegion } from "../../../ir/text/printer.ts";
import { passesByName, PIPELINE, runPasses } from "../../../optimizer/pipeline.ts";
import type { FileTestKind } from "../filetest.ts";

/** See the header of this file. */
export const optimizeKind: FileTestKind = ({ input, options }) => {
  const names = options.get("passes");
  const passes = names === undefined ? PIPELINE : passesByName(names.split(","));
  return parseModule(input).regions.map((region) => {
    runPasses(region, passes, { verifies: true });
    return printRegion(region);
  }).join("\n");
};
