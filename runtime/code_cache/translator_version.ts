/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "8fc47d3e90a1cc95ea12de4fbbe66ffa";
