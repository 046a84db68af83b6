/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "8844d17297aa27e252c17eaa093ef6d2";
