/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "b8ddc8f1549111955c8e46efb85154fa";
