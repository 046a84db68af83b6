/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "ae494b68f7ad7f05c0d88e3e5d1219c1";
