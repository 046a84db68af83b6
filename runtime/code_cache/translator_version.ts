/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "e13e2da0917b7761d9cb918cfe83e90f";
