/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "f4855d82d3b6e97c03cbd77a739a66a0";
