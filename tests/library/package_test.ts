// The package as others get it: its published files over HTTP, with exactly the permissions that the README names.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import configuration from "../../deno.json" with { type: "json" };
import { BENCH_KERNELS, kernelElfUrl } from "../../bench/kernels/kernels.ts";
import { guestElfUrl } from "../guests/guest_elf.ts";

const ROOT = new URL("../../", import.meta.url);
const { include } = configuration.publish;
const TYPES: Readonly<Record<string, string>> = {
  ts: "application/typescript",
  json: "application/json",
};

function isPublished(path: string): boolean {
  if (/_(test|fixture)\.ts$/.test(path)) return false;
  return path === "deno.json" ||
    include.some((entry) => entry.endsWith("/") ? path.startsWith(entry) : path === entry);
}

async function answer(request: Request): Promise<Response> {
  const path = new URL(request.url).pathname.slice(1);
  if (!isPublished(path)) return new Response("not published", { status: 404 });
  const type = TYPES[path.slice(path.lastIndexOf(".") + 1)] ?? "text/plain";
  return new Response(await Deno.readFile(new URL(path, ROOT)), {
    headers: { "content-type": type },
  });
}

interface Project {
  readonly folder: string;
  readonly host: string;
}

/** A folder of somebody who uses the package, and a server that has it. */
async function withProject(run: (project: Project) => Promise<void>): Promise<void> {
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, answer);
  const folder = await Deno.makeTempDir();
  try {
    const host = `127.0.0.1:${server.addr.port}`;
    const imports = { ...configuration.imports, "@weft/emulator": `http://${host}/mod.ts` };
    await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify({ imports }));
    await run({ folder, host });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Runs a program of that project with these permissions and nobody to ask for more. */
async function run({ folder, host }: Project, program: string, permissions: readonly string[]) {
  await Deno.writeTextFile(`${folder}/main.ts`, program);
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-lock", `--allow-import=${host}`, ...permissions, "main.ts"],
    cwd: folder,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Long enough that something is compiled. */
const [FIB] = BENCH_KERNELS;
const elf = await Deno.readFile(guestElfUrl("isa_m"));
const path = fileURLToPath(guestElfUrl("isa_m"));

function program(kernel: string): string {
  return `import { Machine } from "@weft/emulator";
    await using machine = await Machine.create({ firmware: "none", harts: 2, kernel: ${kernel} });
    const output = new Response(machine.console.readable).text();
    await machine.start();
    await machine.pause();
    console.log(typeof await machine.harts[1].csr.read("mhartid"));
    await machine.resume();
    console.log((await output).split(" ")[0], (await machine.exited).reason);`;
}

Deno.test("the published files run from a server, with no permission when the kernel is given as bytes", async () => {
  await withProject(async (project) => {
    const bytes = `Uint8Array.fromBase64("${elf.toBase64()}")`;
    const { code, stdout, stderr } = await run(project, program(bytes), []);
    assertEquals(stdout, "bigint\nisa_m power-off\n", stderr);
    assertEquals(code, 0);
  });
});

Deno.test("a kernel by its path needs permission to read that file alone", async () => {
  await withProject(async (project) => {
    const source = program(JSON.stringify(path));
    const refused = await run(project, source, []);
    assert(refused.code !== 0);
    assertStringIncludes(refused.stderr, "ConfigurationError: kernel: ");
    assertStringIncludes(refused.stderr, "--allow-read");
    const { stdout, stderr } = await run(project, source, [`--allow-read=${path}`]);
    assertEquals(stdout, "bigint\nisa_m power-off\n", stderr);
  });
});

Deno.test("a kernel by its address needs permission for that server alone", async () => {
  await using files = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) =>
      new Response(request.url.endsWith("/kernel") ? elf.slice() : null, {
        status: request.url.endsWith("/kernel") ? 200 : 404,
      }),
  );
  const host = `127.0.0.1:${files.addr.port}`;
  await withProject(async (project) => {
    const source = program(`new URL("http://${host}/kernel")`);
    const refused = await run(project, source, []);
    assertStringIncludes(refused.stderr, `--allow-net=${host}`);
    const { stdout, stderr } = await run(project, source, [`--allow-net=${host}`]);
    assertEquals(stdout, "bigint\nisa_m power-off\n", stderr);
    const missing = program(`new URL("http://${host}/nothing")`);
    const { stderr: error } = await run(project, missing, [`--allow-net=${host}`]);
    assertStringIncludes(error, "the server answered 404");
  });
});

Deno.test("a debug log in a file needs permission to write that file alone", async () => {
  await withProject(async (project) => {
    const log = `${project.folder}/log`;
    const source = program(`Uint8Array.fromBase64("${elf.toBase64()}")`).replace(
      "harts: 2",
      `harts: 2, debug: { categories: ["in_asm"], file: ${JSON.stringify(log)} }`,
    );
    const refused = await run(project, source, []);
    assertStringIncludes(refused.stderr, "ConfigurationError");
    const { stdout, stderr } = await run(project, source, [`--allow-write=${log}`]);
    assertEquals(stdout, "bigint\nisa_m power-off\n", stderr);
  });
});

Deno.test("a code cache needs permission to read and write its folder alone, and is filled", async () => {
  await withProject(async (project) => {
    const cache = `${project.folder}/cache`;
    const kernel = await Deno.readFile(kernelElfUrl(FIB));
    const source = `import { Machine } from "@weft/emulator";
      const kernel = Uint8Array.fromBase64("${kernel.toBase64()}");
      const accel = { codeCache: ${JSON.stringify(cache)} };
      for (const run of [1, 2]) {
        await using machine = await Machine.create({ firmware: "none", kernel, accel });
        await machine.start();
        const output = await new Response(machine.console.readable).text();
        console.log(output.trim(), machine.stats().cachedRegions > 0 || run === 1);
      }`;
    const refused = await run(project, source, [`--allow-read=${cache}`]);
    assertStringIncludes(refused.stderr, `--allow-read=${cache} --allow-write=${cache}`);
    const permissions = [`--allow-read=${cache}`, `--allow-write=${cache}`];
    const { stdout, stderr } = await run(project, source, permissions);
    assertEquals(stdout, `${FIB.output} true\n`.repeat(2), stderr);
  });
});
