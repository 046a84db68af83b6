/**
 * Entry point of the compiler worker of a machine with a code cache: what encodes regions takes long to load, and
 * is loaded when something is not in the cache.
 */
import { runCompilerWorker } from "./compiler_service.ts";

await runCompilerWorker(async () => (await import("./region_emitter.ts")).RegionEmitter);
