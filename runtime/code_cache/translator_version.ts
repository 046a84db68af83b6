/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "4bfff4baef54c3144c664f5bd61a32c8";
