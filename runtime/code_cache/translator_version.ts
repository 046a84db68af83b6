/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "244eaa171d96c5ea34f046a29598ec66";
