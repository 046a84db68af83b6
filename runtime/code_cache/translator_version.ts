/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "4f5a0ef5b41780826933c8daf7663884";
