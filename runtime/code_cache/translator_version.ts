/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "af1f8256ac92b4c57f1e2cd0cb032624";
