/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "17d77c38fef7876bfce3c7c545337ee4";
