/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "7ea01f8523a9fdb725d905bb6dd9ce4f";
