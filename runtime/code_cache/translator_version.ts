/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "ca57f4eed2c5070c4bf4c7dbeecefd06";
