/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "1824e031159fa11fecaa18c439b7155b";
