/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "cc76571448e4c05ed57ba766fedcb540";
