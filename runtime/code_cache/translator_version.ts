/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "3c2b4c6ecf4ca43b7f354c88b752064c";
