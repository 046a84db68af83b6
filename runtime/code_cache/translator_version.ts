/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "5c2128bb75bdb6454839cc05ec894b46";
