/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "2ff6c928b10215deb7e13472f1f7a7ae";
