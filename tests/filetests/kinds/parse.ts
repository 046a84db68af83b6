/** `test parse`: the text is parsed and printed again; expected is the print, or the complaint. */
import { parseModule } from "../../../ir/text/parser.ts";
import { printLayout, printRegion } from "../../../ir/text/printer.ts";
import type { FileTestKind } from "../filetest.ts";

/** See the header of this file. */
export const parseKind: FileTestKind = ({ input }) => {
  try {
    const { layout, regions } = parseModule(input);
    return [printLayout(layout), ...regions.map(printRegion)].join("\n");
  } catch (error) {
    if (error instanceof SyntaxError) return `${error.message}\n`;
    throw error;
  }
};
