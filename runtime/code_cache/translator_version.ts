/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "fbc461e16e611f1c06b15db9c850566f";
