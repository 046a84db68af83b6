/** How a command's answer is printed: `--output`. */

import { parseChoice } from "../property_list.ts";
import type { ImgWords } from "./img_words.ts";

const OUTPUTS = ["human", "json"] as const;

/** What `--output` says. Throws UsageError. */
export function outputOption(words: ImgWords): typeof OUTPUTS[number] {
  const output = words.value("--output") ?? "human";
  return parseChoice(`${words.what} --output ${output}`, output, OUTPUTS);
}
