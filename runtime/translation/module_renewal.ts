/**
 * Modules whose code the host's optimizing compiler never gets hold of.
 *
 * The host compiles a module with its baseline compiler and counts how much work its functions do; the busy
 * ones it optimizes, for every instance of the module. Identical bytes share what was optimized. A module with
 * a custom section of its own starts again.
 */
import type { InstalledRegion } from "./region_catalog.ts";

/** Modules that are renewed: those in use are among the youngest. */
const REMEMBERED = 4;
const CUSTOM_SECTION = 0;
const SECTION_NAME = "nonce";
const NONCE_BYTES = 4;

interface Remembered {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly regions: readonly InstalledRegion[];
}

/** A module again, as the host never saw it. */
export interface RenewedModule {
  /** The module. */
  readonly module: WebAssembly.Module;
  /** Its regions, in the slots that they have. */
  readonly regions: readonly InstalledRegion[];
}

/** The same module, and different bytes for each nonce. */
export function withNonce(bytes: Uint8Array, nonce: number): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(SECTION_NAME);
  const content = 1 + name.length + NONCE_BYTES;
  const section = new Uint8Array(2 + content);
  section.set([CUSTOM_SECTION, content, name.length, ...name]);
  new DataView(section.buffer).setUint32(section.length - NONCE_BYTES, nonce, true);
  const renewed = new Uint8Array(bytes.length + section.length);
  renewed.set(bytes);
  renewed.set(section, bytes.length);
  return renewed;
}

/** See the header of this file. */
export class ModuleRenewal {
  #modules: Remembered[] = [];
  #nonce = 0;

  /** A module was published. */
  remember(bytes: Uint8Array<ArrayBuffer>, regions: readonly InstalledRegion[]): void {
    this.#modules = [...this.#modules, { bytes, regions }].slice(-REMEMBERED);
  }

  /** Slots are about to be used anew: modules with a region in one of them are renewed no more. */
  forget(slots: readonly number[]): void {
    this.#modules = this.#modules.filter(({ regions }) =>
      !regions.some(({ slot }) => slots.includes(slot))
    );
  }

  /** The youngest modules again. */
  renewed(): RenewedModule[] {
    return this.#modules.map(({ bytes, regions }) => {
      const module = new WebAssembly.Module(withNonce(bytes, this.#nonce++));
      return { module, regions };
    });
  }
}
