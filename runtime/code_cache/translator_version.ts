/** Changes with every source that translations depend on: written by `deno task cold-tier`. */
export const TRANSLATOR_VERSION = "d8ad0000dac9e735159bfb123182988f";
