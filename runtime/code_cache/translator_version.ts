/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "cfb1cb1bcb3ab57f10b56e5e19b523b1";
