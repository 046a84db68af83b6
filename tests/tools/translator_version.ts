// The version of the translator, which code caches are kept under: a checksum over every source that the code of a
// region may depend on. It is written down, because a package from a registry cannot look at its own sources.

/** Folders whose sources decide what a region's code is. */
const FOLDERS = ["frontend", "ir", "optimizer", "wasm_backend", "runtime/translation"];
/** Sources besides, from the repository's root. */
const FILES = ["runtime/atomics/shared_layout.ts", "runtime/code_cache/pack_format.ts"];
/** Packages of `deno.json` that code comes from. */
const PACKAGES = ["binaryen"];
const ROOT = new URL("../../", import.meta.url);
const IS_TEST = /_(test|fixture)\.ts$/;
const DIGITS = 32;

/** Where the version is written down. */
export const VERSION_FILE: URL = new URL("runtime/code_cache/translator_version.ts", ROOT);

/** What stands in {@linkcode VERSION_FILE} for the sources as they are. */
export async function translatorVersionText(): Promise<string> {
  return [
    "/** Changes with every source that translations depend on: written by `deno task cold-tier`. */",
    `export const TRANSLATOR_VERSION = "${await translatorVersion()}";`,
    "",
  ].join("\n");
}

async function translatorVersion(): Promise<string> {
  const paths = [...FILES];
  for (const folder of FOLDERS) await collect(folder, paths);
  const parts = await Promise.all(
    paths.sort().map(async (path) => `${path}\n${await Deno.readTextFile(new URL(path, ROOT))}`),
  );
  const sum = await crypto.subtle.digest(
    "SHA-256",
    new TextEncoder().encode([...parts, ...await packages()].join("\n")),
  );
  return new Uint8Array(sum).toHex().slice(0, DIGITS);
}

async function collect(folder: string, paths: string[]): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(new URL(`${folder}/`, ROOT))) {
    const path = `${folder}/${name}`;
    if (isDirectory) await collect(path, paths);
    else if (name.endsWith(".ts") && !IS_TEST.test(name)) paths.push(path);
  }
}

async function packages(): Promise<string[]> {
  const { imports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  return PACKAGES.map((name) => imports[name]);
}
