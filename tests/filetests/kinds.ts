/** The kinds of golden files. */
import type { FileTestKind } from "./filetest.ts";
import { interpretKind } from "./kinds/interpret.ts";
import { optimizeKind } from "./kinds/optimize.ts";
import { parseKind } from "./kinds/parse.ts";
import { verifyKind } from "./kinds/verify.ts";

/** What the first line of a golden file may name. */
export const FILE_TEST_KINDS: ReadonlyMap<string, FileTestKind> = new Map([
  ["interpret", interpretKind],
  ["optimize", optimizeKind],
  ["parse", parseKind],
  ["verify", verifyKind],
]);
