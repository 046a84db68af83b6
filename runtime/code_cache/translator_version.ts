/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "0691d41e76df919f310c9fbe26b09619";
