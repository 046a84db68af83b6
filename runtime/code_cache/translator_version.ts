/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "0df62c5f719edbd1986f8e7c77fdc6eb";
