/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "9d0ff5f6a895e2e2240f9048450d2663";
