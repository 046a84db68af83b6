/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "a092e19aef31676393c5d4a6f9d178ee";
