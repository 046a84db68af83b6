/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "3bc7dc67b85d70a91b8d3f39d1af1ade";
