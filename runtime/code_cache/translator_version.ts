/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "a2b49cdef933006573da9955ba87b099";
