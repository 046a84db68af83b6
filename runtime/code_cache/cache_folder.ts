/**
 * The folder of a code cache: files that are written once and never changed.
 *
 * REQUIREMENT. Machines and processes read, write and remove at the same time. None waits, none sees half a file.
 *
 * SOLUTION. A file gets its name by renaming when it is complete, and each has a name of its own. Who writes a
 * pack has read the others of its key, takes what they hold into it, and removes them. Two who do that at once
 * leave two packs, which hold much of the same; the next one joins them. Who finds a file gone that was there
 * has lost nothing: its contents are in a younger one.
 *
 * LIMITATION. The folder is the user's own: a checksum tells damage, not intent. A folder that belongs to another
 * user, or that others can write, is not used; folders above it are not looked at.
 */

const PACK_SUFFIX = ".pack";
const TEMPORARY_SUFFIX = ".part";
const OTHERS_WRITE = 0o022;
const MS_PER_HOUR = 3_600_000;

/** A file that was read. */
export interface PackFile {
  /** Its name in the folder. */
  readonly name: string;
  /** Its content. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** See the header of this file. */
export class CacheFolder {
  readonly #path: string;
  /** What the names of this key's packs begin with. */
  readonly #prefix: string;

  /** @param prefix stands for the key: what the names of its packs begin with */
  constructor(path: string, prefix: string) {
    this.#path = path;
    this.#prefix = prefix;
  }

  /** Looks at the folder. @returns why it cannot be used, or null */
  async inspect(): Promise<string | null> {
    try {
      const { mode, uid } = await Deno.stat(this.#path);
      if (mode !== null && (mode & OTHERS_WRITE) !== 0) return "others can write to it";
      return uid === await this.#ownUid() ? null : "it belongs to another user";
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** Who this process is, as the owner of a new file: asking the system needs a permission of its own. */
  async #ownUid(): Promise<number | null> {
    const path = this.#temporary();
    await Deno.writeFile(path, new Uint8Array(), { createNew: true });
    try {
      return (await Deno.stat(path)).uid;
    } finally {
      await Deno.remove(path);
    }
  }

  #temporary(): string {
    return `${this.#path}/${crypto.randomUUID()}${TEMPORARY_SUFFIX}`;
  }

  /** The packs of this key, but those with these names. */
  async read(known: ReadonlySet<string>): Promise<PackFile[]> {
    const files: PackFile[] = [];
    for await (const { name, isFile } of Deno.readDir(this.#path)) {
      const isWanted = isFile && name.startsWith(this.#prefix) && name.endsWith(PACK_SUFFIX);
      if (!isWanted || known.has(name)) continue;
      const bytes = await ifThere(Deno.readFile(`${this.#path}/${name}`));
      if (bytes !== null) files.push({ name, bytes });
    }
    return files;
  }

  /** Writes a pack. @returns its name */
  async write(bytes: Uint8Array): Promise<string> {
    const temporary = this.#temporary();
    const name = `${this.#prefix}${crypto.randomUUID()}${PACK_SUFFIX}`;
    await Deno.writeFile(temporary, bytes, { createNew: true });
    await Deno.rename(temporary, `${this.#path}/${name}`);
    return name;
  }

  /** Notes that a pack was used: the ones that were not for the longest time go first. */
  async touch(name: string): Promise<void> {
    const now = new Date();
    await ifThere(Deno.utime(`${this.#path}/${name}`, now, now));
  }

  /** Removes a pack. */
  async remove(name: string): Promise<void> {
    await ifThere(Deno.remove(`${this.#path}/${name}`));
  }

  /** Removes the packs, of whatever key, that were used least recently, and files that were never finished. */
  async bound(limitBytes: number): Promise<void> {
    const packs: { readonly name: string; readonly size: number; readonly used: number }[] = [];
    for await (const { name, isFile } of Deno.readDir(this.#path)) {
      if (!isFile) continue;
      const stat = await ifThere(Deno.stat(`${this.#path}/${name}`));
      const used = stat?.mtime?.getTime() ?? 0;
      if (name.endsWith(PACK_SUFFIX) && stat !== null) packs.push({ name, size: stat.size, used });
      const isStale = name.endsWith(TEMPORARY_SUFFIX) && used < Date.now() - MS_PER_HOUR;
      if (isStale) await this.remove(name);
    }
    let total = 0;
    for (const { name, size } of packs.sort((a, b) => b.used - a.used)) {
      total += size;
      if (total > limitBytes) await this.remove(name);
    }
  }
}

/** The result, or null when the file is not there (any more). */
async function ifThere<Result>(work: Promise<Result>): Promise<Result | null> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
