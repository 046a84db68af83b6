/**
 * The code cache (`-accel tcg,code-cache=DIR`): compiled regions that outlive the machine they were compiled for.
 *
 * It keeps WebAssembly, because a host cannot store the code that it makes of it. Regions are read once, when the
 * compiler starts, and written when the machine ends and, while it runs, when the compiler has had nothing to do
 * for a while. Of too many, those go that no machine has used for the longest time. Whatever goes wrong with the
 * folder costs the cache and never the machine: it is told once, and the machine runs on without.
 */
import type { FunctionObject } from "../../wasm_backend/link/function_object.ts";
import type { CachedRegion } from "./cached_region.ts";
import { CacheFolder } from "./cache_folder.ts";
import { decodePack, encodePack } from "./pack_format.ts";
import type { RegionStore } from "./warm_compilation.ts";

/** How much is kept. */
export interface CacheLimits {
  /** Bytes of regions that a pack holds at most. */
  readonly packBytes: number;
  /** Bytes of all packs in a folder, of whatever key. */
  readonly folderBytes: number;
}

const USUAL_LIMITS: CacheLimits = { packBytes: 0x400_0000, folderBytes: 0x1000_0000 };
/** What a region takes in a pack besides code. */
const REGION_OVERHEAD_BYTES = 200;
const MS_PER_SECOND = 1000;
/** Digits of a key's checksum in the names of its packs: the key itself stands inside. */
const PREFIX_DIGITS = 16;

/** What a cache is opened with. */
export interface CodeCacheParts {
  /** Path of the folder. */
  readonly folder: string;
  /** See `cache_key.ts`. */
  readonly key: string;
  /** Takes a sentence for the user. */
  readonly notice: (text: string) => void;
  /** How much is kept; default: 64 MiB of a key, 256 MiB in all. */
  readonly limits?: CacheLimits;
  /** Seconds since the epoch. */
  readonly now?: () => number;
}

/** See the header of this file. */
export class CodeCache implements RegionStore {
  /** Functions that regions call, by name: equal in all packs of a key. */
  readonly helpers = new Map<string, FunctionObject>();
  readonly #parts: CodeCacheParts;
  readonly #folder: CacheFolder;
  /** Regions with the time when they were last used, by what tells them apart. */
  readonly #lastUse = new Map<CachedRegion, number>();
  readonly #known = new Map<string, CachedRegion>();
  /** Packs whose contents are here. */
  readonly #packs = new Set<string>();
  readonly #limits: CacheLimits;
  readonly #now: () => number;
  #isChanged = false;
  #isUsable = true;

  private constructor(parts: CodeCacheParts, folder: CacheFolder) {
    this.#parts = parts;
    this.#folder = folder;
    this.#limits = parts.limits ?? USUAL_LIMITS;
    this.#now = parts.now ?? currentSecond;
  }

  /** Opens the cache and reads what it has for the key; null when the folder cannot be used. */
  static async open(parts: CodeCacheParts): Promise<CodeCache | null> {
    const sum = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(parts.key));
    const digits = new Uint8Array(sum).toHex();
    const folder = new CacheFolder(parts.folder, `${digits.slice(0, PREFIX_DIGITS)}-`);
    const reason = await folder.inspect();
    if (reason !== null) {
      parts.notice(`the folder ${parts.folder} is not used: ${reason}`);
      return null;
    }
    const cache = new CodeCache(parts, folder);
    await cache.#guarded(() => cache.#readPacks());
    for (const name of cache.#packs) await cache.#guarded(() => folder.touch(name));
    return cache;
  }

  /** What happens to files may fail at any time: the cache is given up then. */
  async #guarded(work: () => Promise<void>): Promise<void> {
    if (!this.#isUsable) return;
    try {
      await work();
    } catch (error) {
      this.#isUsable = false;
      const reason = error instanceof Error ? error.message : String(error);
      this.#parts.notice(`it is given up: ${reason}`);
    }
  }

  async #readPacks(): Promise<void> {
    for (const { name, bytes } of await this.#folder.read(this.#packs)) {
      const pack = await decodePack(bytes, this.#parts.key);
      if (pack === "damaged") {
        this.#parts.notice(`${name} is damaged and was dropped`);
        await this.#folder.remove(name);
      } else if (pack !== null) {
        this.#packs.add(name);
        for (const [helper, object] of pack.helpers) this.helpers.set(helper, object);
        for (const [region, lastUse] of pack.regions) this.#keep(region, lastUse);
      }
    }
  }

  /** Of regions for the same code the one that is there already stays: a machine may run it. */
  #keep(region: CachedRegion, lastUse: number): void {
    const identity = identityOf(region);
    const known = this.#known.get(identity) ?? region;
    this.#known.set(identity, known);
    this.#lastUse.set(known, Math.max(lastUse, this.#lastUse.get(known) ?? 0));
  }

  /** All regions. */
  regions(): Iterable<CachedRegion> {
    return this.#lastUse.keys();
  }

  /** Keeps regions, and the functions that they call. */
  add(regions: readonly CachedRegion[], helpers: ReadonlyMap<string, FunctionObject>): void {
    for (const [name, object] of helpers) {
      if (!this.helpers.has(name)) this.helpers.set(name, object);
    }
    const time = this.#now();
    for (const region of regions) this.#keep(region, time);
    this.#isChanged = true;
  }

  /** A machine uses the region. */
  use(region: CachedRegion): void {
    if (this.#lastUse.has(region)) this.#lastUse.set(region, this.#now());
  }

  /** Is there something that {@linkcode CodeCache.save} would write? */
  get isChanged(): boolean {
    return this.#isChanged && this.#isUsable;
  }

  /** Writes what was added, together with what other machines have written meanwhile. */
  async save(): Promise<void> {
    if (!this.#isChanged) return;
    await this.#guarded(() => this.#write());
  }

  async #write(): Promise<void> {
    await this.#readPacks();
    const { key } = this.#parts;
    const regions = youngest(this.#lastUse, this.#limits.packBytes);
    const written = await this.#folder.write(
      await encodePack({ key, helpers: this.helpers, regions }),
    );
    this.#isChanged = false;
    for (const name of this.#packs) await this.#folder.remove(name);
    this.#packs.clear();
    this.#packs.add(written);
    await this.#folder.bound(this.#limits.folderBytes);
  }
}

function currentSecond(): number {
  return Math.floor(Date.now() / MS_PER_SECOND);
}

/** Two regions are alike when they answer the same request for the same code. */
function identityOf({ modeKey, hotOffset, ramBytes, code }: CachedRegion): string {
  const text = code.map(({ offset, bytes }) => `${offset}:${String.fromCharCode(...bytes)}`);
  return [modeKey, hotOffset, ramBytes, ...text].join("|");
}

/** As many of the regions as fit, those first that were used last. */
function youngest(
  lastUse: ReadonlyMap<CachedRegion, number>,
  limitBytes: number,
): Map<CachedRegion, number> {
  let total = 0;
  const sorted = [...lastUse].sort(([, a], [, b]) => b - a);
  return new Map(sorted.filter(([region]) => (total += bytesOf(region)) <= limitBytes));
}

function bytesOf({ code, object }: CachedRegion): number {
  const guest = code.reduce((sum, { bytes }) => sum + bytes.length, 0);
  return guest + object.code.length + REGION_OVERHEAD_BYTES;
}
