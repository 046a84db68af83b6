/** `test verify`: expected are the broken invariants of each region, or that it is sound. */
import { parseModule } from "../../../ir/text/parser.ts";
import { findProblems } from "../../../ir/verifier.ts";
import type { FileTestKind } from "../filetest.ts";

/** See the header of this file. */
export const verifyKind: FileTestKind = ({ input }) =>
  parseModule(input).regions.map((region) => {
    const problems = findProblems(region);
    const lines = problems.length === 0 ? ["sound"] : problems;
    return `${region.name}:\n${lines.map((line) => `  ${line}\n`).join("")}`;
  }).join("");
