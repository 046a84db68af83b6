/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "074ab6251072d57cb93ddf8540ce0ba5";
