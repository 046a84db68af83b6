/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "3aa3b27334c395beb9725cdc0554250e";
