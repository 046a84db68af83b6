/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "3bdaf63e033aa9c68fd44738ded401a8";
