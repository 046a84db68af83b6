// Translates recorded requests, each once, in this process, and prints what came of it as JSON.
//
// Usage: translate_once.ts FILE WARM_SECONDS
//
// FILE has a request as JSON on each line. Before them the functions of the benchmark kernels are translated, again and
// again for WARM_SECONDS, so that the host has compiled the compiler.

import type { RecordedRequest } from "../../runtime/translation/recorded_request.ts";
import { kernelRequests } from "../kernel_functions.ts";
import { Translator } from "./translator.ts";

/** User mode with translated accesses, the floating-point unit on, rounding to nearest. */
const KERNEL_MODE = 0b1100_1001;
const MS_PER_SECOND = 1000;

const [file, warmSeconds] = Deno.args;
const lines = (await Deno.readTextFile(file)).trimEnd().split("\n");
const records = lines.map((line) => JSON.parse(line) as RecordedRequest);
const translator = new Translator();
const kernels = await kernelRequests(KERNEL_MODE);
const pages = kernels.map(() => [0]);
const end = performance.now() + Number(warmSeconds) * MS_PER_SECOND;
while (performance.now() < end) translator.translate(kernels, pages);
console.log(JSON.stringify(translator.translateRecorded(records)));
