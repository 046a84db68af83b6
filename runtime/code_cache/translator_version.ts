/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "48c37a7e3a4eeb45d8d104624df6746b";
