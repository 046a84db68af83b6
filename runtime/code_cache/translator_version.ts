/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "baf5a76a6059290f65e09d28e3f02cdc";
