/**
 * Entry point of the compiler worker of a machine without a code cache: it has all that it needs when it says
 * that it is ready. A machine that ends before that need not wait for it.
 */
import { runCompilerWorker } from "./compiler_service.ts";
import { RegionEmitter } from "./region_emitter.ts";

await runCompilerWorker(() => Promise.resolve(RegionEmitter));
