/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "7414322f869aa8d24c1ca4e6576d1696";
