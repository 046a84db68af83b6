/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "6b669decdf8e99a8c2b0539398f0861e";
