/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "d0dc221907ddd0be4758d0b318e0a495";
