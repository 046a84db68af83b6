/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "9091b9f4b5021619fb8cc77993a1b2ce";
