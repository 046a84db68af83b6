/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "8c579b4274aaf549c795ce6380328c9f";
