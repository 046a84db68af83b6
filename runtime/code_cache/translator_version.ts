/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "04a5537d087fac0bef3db8582dd51df5";
