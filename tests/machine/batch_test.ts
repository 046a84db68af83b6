/** Requests that wait at the same time are one batch, and a batch is one module. */
import { EncoderFactory } from "../../wasm_backend/encoder/module_encoder.ts";
import { assertEquals } from "@std/assert";
import { assemble } from "../../frontend/riscv/encoder.ts";
import { RiscvFrontend } from "../../frontend/riscv/riscv_frontend.ts";
import { publishRequest, reserveRequest } from "../../runtime/atomics/compile_ring.ts";
import { PAGE_BYTES } from "../../runtime/atomics/shared_layout.ts";
import {
  EXECUTED_WORDS,
  NEIGHBOUR_PAGES,
  REQUEST_PAGES,
  RequestWord,
} from "../../runtime/translation/compile_request.ts";
import { DEFAULT_CODE_BYTES } from "../../runtime/translation/code_clock.ts";
import { usualTranslation } from "../../runtime/translation/translation_settings.ts";
import { Compiler } from "../../runtime/translation/compiler.ts";
import { RegionEmitter } from "../../runtime/translation/region_emitter.ts";
import { armPages, FIRST_PAGE, sharedWords } from "../../runtime/translation/hotspot_fixture.ts";
import type { InstalledModule } from "../../runtime/translation/region_catalog.ts";

const CODE_PAGE = FIRST_PAGE + NEIGHBOUR_PAGES;
const LOOP = [
  assemble("addi", { rd: 10, rs1: 10, imm: 1 }),
  assemble("jal", { rd: 0, imm: -4 }),
];
const LOOP_BYTES = LOOP.length * 4;
const LOOPS = 5;
const ALL_EXECUTED = -1;

function request(words: Int32Array, offset: number): void {
  const at = reserveRequest(words);
  words.fill(0, at, at + RequestWord.JUMPS);
  words[at + RequestWord.OFFSET] = offset;
  words[at + RequestWord.PAGES + NEIGHBOUR_PAGES] = CODE_PAGE;
  const executed = at + RequestWord.EXECUTED;
  words.fill(ALL_EXECUTED, executed, executed + REQUEST_PAGES * EXECUTED_WORDS);
  publishRequest(words, at);
}

Deno.test("requests that wait together become one module", () => {
  const words = sharedWords();
  armPages(words, CODE_PAGE);
  for (let n = 0; n < LOOPS; n++) {
    words.set(LOOP, (CODE_PAGE * PAGE_BYTES + n * LOOP_BYTES) >> 2);
  }
  const modules: InstalledModule[] = [];
  const frontend = new RiscvFrontend();
  const compiler = new Compiler({
    words,
    frontend,
    settings: usualTranslation("x64"),
    codeBytes: DEFAULT_CODE_BYTES,
    isChecked: false,
    trace: null,
    emitter: new RegionEmitter({
      factory: new EncoderFactory(),
      frontend: frontend,
      ram: { base: BigInt(0x8000_0000), bytes: BigInt(0x1_0000) },
      host: "x64",
      hasOtherWriters: false,
      isChecked: false,
      isCounted: false,
      textFactory: null,
    }),
    warm: null,
    publish: (module) => modules.push(module),
  });
  for (let n = 0; n < LOOPS; n++) request(words, n * LOOP_BYTES);
  compiler.compileWaiting();
  assertEquals(modules.map(({ regions }) => regions.length), [LOOPS]);
  compiler.compileWaiting();
  assertEquals(modules.length, 1);
  request(words, 0);
  compiler.compileWaiting();
  assertEquals(modules.length, 1, "what is compiled already is not compiled again");
});
