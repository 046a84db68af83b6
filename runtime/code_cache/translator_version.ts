/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "007bcaa0de85e75a6438711d60d928cb";
