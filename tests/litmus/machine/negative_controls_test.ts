import { assert } from "@std/assert";
import { loadLibrary, testNamed } from "../test_library.ts";
import { controlText, NEGATIVE_CONTROLS, runControl } from "./negative_controls.ts";

/** Iterations of a control that need not be seen. */
const RARE_ITERATIONS = 20_000;

const library = await loadLibrary();
const isX64 = Deno.build.arch === "x86_64";

for (const control of NEGATIVE_CONTROLS) {
  // What a host shows is its own: these are x64's races.
  Deno.test({ name: control.name, ignore: !isX64 }, async () => {
    const found = testNamed(library, control.test);
    const limit = control.isRequired ? Infinity : RARE_ITERATIONS;
    const result = await runControl(control, found, limit);
    console.log(controlText(control, result));
    assert(!control.isRequired || result.seen > 0, "a control that never fires proves nothing");
  });
}
