/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "9d9e26d61a4191f743bf53be1591501e";
