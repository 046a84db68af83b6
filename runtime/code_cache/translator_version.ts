/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "30b9e32d57e2faf89ef3e2c61018e2c7";
