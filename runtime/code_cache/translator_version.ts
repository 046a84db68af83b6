/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "1ffadb427a8934a94c57f716b6a9d5cb";
