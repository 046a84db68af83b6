/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "8fa925a11112e5a7764e2b6f192d2fc0";
