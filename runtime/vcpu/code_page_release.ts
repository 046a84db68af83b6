/**
 * Which code pages become ordinary pages again: those that this vCPU keeps storing to.
 *
 * A kernel frees its start-up code, and programs end: their pages hold data next, and each store to them pays
 * for a guard that nothing needs. Code that data lies beside, or that is rewritten as it runs, is not to lose
 * its translations again and again: a page goes when it was met for the first, second, fourth, eighth time.
 */
import { Control } from "../../wasm_backend/abi/vcpu_layout.ts";
import { isCodePage, releaseCodePage } from "../atomics/code_guard.ts";
import { ALL_HARTS } from "../atomics/remote_work.ts";
import { RemoteWork } from "../atomics/shared_layout.ts";
import type { ExclusiveSections } from "./exclusive_sections.ts";
import type { RemoteRequests } from "./remote_requests.ts";
import type { TranslationCache } from "./translation_cache.ts";
import type { VcpuMemory } from "./vcpu_memory.ts";

/** Guarded stores after which the vCPU looks which page the last one went to. */
const STORES_BEFORE_LOOK = 0x1000;

/** What the release of pages needs of its vCPU. */
export interface CodePageReleaseParts {
  /** Shared memory. */
  readonly words: Int32Array;
  /** Private memory. */
  readonly memory: VcpuMemory;
  /** Its cached translations. */
  readonly translations: TranslationCache;
  /** Its requests to others. */
  readonly requests: RemoteRequests;
  /** Its exclusive sections. */
  readonly sections: ExclusiveSections;
}

/** See the header of this file. All methods are for the trampoline. */
export class CodePageRelease {
  readonly #parts: CodePageReleaseParts;
  /** How often a page was met. */
  readonly #met = new Map<number, number>();

  /** Release of one vCPU. */
  constructor(parts: CodePageReleaseParts) {
    this.#parts = parts;
  }

  /** Releases the page of the last guarded store when there were many. */
  releaseWhenBusy(): void {
    const { words, memory } = this.#parts;
    if (memory.control(Control.CODE_STORES) < STORES_BEFORE_LOOK) return;
    memory.setControl(Control.CODE_STORES, 0);
    const page = memory.control(Control.CODE_STORE_PAGE);
    if (!isCodePage(words, page)) return;
    const met = (this.#met.get(page) ?? 0) + 1;
    this.#met.set(page, met);
    if ((met & (met - 1)) === 0) this.#release(page);
  }

  #release(page: number): void {
    const { words, translations, requests, sections } = this.#parts;
    sections.begin();
    releaseCodePage(words, page);
    sections.end();
    requests.make(ALL_HARTS, RemoteWork.DROP_WRITE_ENTRIES);
    translations.dropWriteEntries();
  }
}
