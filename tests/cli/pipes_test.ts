/** The program without a terminal: what goes to standard output, exit codes, and readers that go away. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { command, RUN_WORDS, runOnPipes, SOME_FILE } from "./program.ts";

const GREETING = "[virt 1 ]";

Deno.test("standard output carries the guest's bytes and nothing else", async () => {
  const { code, stdout, stderr } = await runOnPipes(RUN_WORDS, "hello\nQ");
  assertEquals(stdout, `${GREETING}hello\nQ`);
  assertEquals(stderr, "");
  assertEquals(code, 0);
});

Deno.test("output that the reader takes late arrives whole", async () => {
  const { stdout } = await runOnPipes(RUN_WORDS, "W" + "Q");
  assertEquals(stdout.length, GREETING.length + "WQ".length + 2 ** 20);
});

for (
  const { key, code, message } of [
    { key: "Q", code: 0, message: "" },
    { key: "R", code: 0, message: "" },
    { key: "7", code: 7, message: "" },
    { key: "P", code: 3, message: "weft: panic: Attempted to kill init\n" },
    { key: "E", code: 4, message: "weft: internal-error: a region differs from the cold tier\n" },
  ]
) {
  Deno.test(`exit code ${code} after the guest did ${key}`, async () => {
    const finished = await runOnPipes(RUN_WORDS, key);
    assertEquals(finished.code, code);
    assertEquals(finished.stderr, message);
  });
}

Deno.test("an error that nothing caught ends with 4 and its stack", async () => {
  const { code, stderr } = await runOnPipes(RUN_WORDS, "T");
  assertEquals(code, 4);
  assertMatch(stderr, /^weft: internal error: Error: nothing catches this\n +at throwUncaught/);
});

Deno.test("the guest runs on after the end of its input", async () => {
  const [program, ...args] = command(RUN_WORDS);
  const child = new Deno.Command(program, { args, stdin: "null", stdout: "piped", stderr: "null" })
    .spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  assertEquals(new TextDecoder().decode(value), GREETING);
  child.kill("SIGTERM");
  assertEquals((await child.status).code, 128 + 15);
  await reader.cancel();
});

Deno.test("the guest runs on when nobody reads its output any more", async () => {
  const [program, ...args] = command(RUN_WORDS);
  const child = new Deno.Command(program, {
    args,
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  const writer = child.stdin.getWriter();
  for (let count = 0; count < 3; count++) await writer.write(new TextEncoder().encode("W"));
  await writer.write(new TextEncoder().encode("7"));
  assertEquals((await child.status).code, 7);
  await writer.close().catch(() => undefined);
});

Deno.test("closed standard streams do not stop the guest", async () => {
  const words = command([...RUN_WORDS, "-stats"]).map((word) => `'${word}'`).join(" ");
  const { code } = await new Deno.Command("sh", {
    args: ["-c", `(echo 7; cat) | ${words} >&- 2>&-`],
    stdin: "null",
  }).output();
  assertEquals(code, 7);
});

Deno.test("escape keys work from a pipe as well", async () => {
  const { code, stdout } = await runOnPipes(RUN_WORDS, "ab\x01bcd\x01x");
  assertEquals(stdout, `${GREETING}ab<break>cd`);
  assertEquals(code, 0);
});

Deno.test("--stats prints a table to standard error", async () => {
  const { stdout, stderr } = await runOnPipes([...RUN_WORDS, "-smp", "2", "--stats"], "Q");
  assertEquals(stdout, "[virt 2 ]Q");
  assertMatch(stderr, /^speed +50\.0 MIPS$/m);
  assertMatch(stderr, /^in the hot tier +80\.0 %$/m);
  assertMatch(stderr, /^exit: budget +9$/m);
});

Deno.test("--profile, --jit-map and --trace write their files, and tell what is missing", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const files = ["p.txt", "p.cpuprofile", "p.svg"].map((name) => `${folder}/${name}`);
    for (const [index, content] of ["hart 0;idle 1\nhart 0;main 2\n", "{}", "<svg/>"].entries()) {
      const others = ["--jit-map", `${folder}/map`, "--trace", `file=${folder}/trace`];
      const words = [...RUN_WORDS, "--profile", files[index], ...others];
      const { code, stdout, stderr } = await runOnPipes(words, "Q");
      assertEquals([code, stdout], [0, "[virt 1 ]Q"]);
      assertEquals(await Deno.readTextFile(files[index]), content);
      assertMatch(await Deno.readTextFile(`${folder}/map`), /^region +samples/);
      assertEquals(await Deno.readTextFile(`${folder}/trace`), '{"traceEvents":[]}\n');
      assertStringIncludes(stderr, "weft: profile: Image: no symbol table\n");
      assertStringIncludes(stderr, "weft: profile: 2 samples were lost\n");
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

for (
  const { how, input, ends } of [
    { how: "Ctrl-A x", input: "\x01x", ends: 0 },
    { how: "a guest panic", input: "P", ends: 3 },
  ]
) {
  Deno.test(`a profile is written after ${how}`, async () => {
    const path = await Deno.makeTempFile();
    try {
      const { code } = await runOnPipes([...RUN_WORDS, "-profile", path], input);
      assertEquals(code, ends);
      assertMatch(await Deno.readTextFile(path), /main 2/);
    } finally {
      await Deno.remove(path);
    }
  });
}

Deno.test("a profile is written after a signal", async () => {
  const path = await Deno.makeTempFile();
  const [program, ...args] = command([...RUN_WORDS, "-profile", path]);
  const child = new Deno.Command(program, {
    args,
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  try {
    const reader = child.stdout.getReader();
    await reader.read(); // the guest runs
    child.kill("SIGTERM");
    assertEquals((await child.status).code, 128 + 15);
    assertMatch(await Deno.readTextFile(path), /main 2/);
    await reader.cancel();
  } finally {
    await child.stdin.close();
    await Deno.remove(path);
  }
});

Deno.test("a flag that is not understood ends with 2, with cause and fix", async () => {
  const { code, stdout, stderr } = await runOnPipes(["-krenel", "Image"], "");
  assertEquals(code, 2);
  assertEquals(stdout, "");
  assertEquals(
    stderr,
    "weft: flag -krenel\n  cause: there is no flag of this name\n" +
      "  fix: did you mean -kernel? -help lists all flags\n",
  );
});

Deno.test("a machine that cannot be built ends with 1, with cause and fix", async () => {
  for (
    const { words, what } of [
      { words: ["-smp", "1000"], what: "1000 harts" },
      { words: ["-smp", "0"], what: "0 harts" },
      { words: ["-m", "1T"], what: "1 TiB of memory" },
      { words: ["-kernel", "no/such/file"], what: "-kernel no/such/file" },
      { words: ["-kernel", "/"], what: "-kernel /" },
      { words: [], what: "a machine with nothing to run" },
    ]
  ) {
    const { code, stderr } = await runOnPipes(words, "");
    assertEquals(code, 1, stderr);
    assertMatch(stderr, /^weft: .*\n {2}cause: .+\n {2}fix: .+\n$/);
    assertStringIncludes(stderr, `weft: ${what}\n`);
  }
});

Deno.test("-h and -version print to standard output", async () => {
  const help = await runOnPipes(["-h"], "");
  assertEquals(help.code, 0);
  assertMatch(help.stdout, /^ {2}-smp N\[,cores=N,\.\.\.\] +number of harts/m);
  const version = await runOnPipes(["-version"], "");
  assertMatch(version.stdout, /^weft \d+\.\d+\.\d+\n$/);
});

Deno.test("-M dumpdtb= writes the device tree and ends", async () => {
  const path = await Deno.makeTempFile();
  try {
    const { code } = await runOnPipes(["-M", "spike", "-M", `dumpdtb=${path}`], "");
    assertEquals(code, 0);
    assertEquals(await Deno.readTextFile(path), "tree of spike");
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("files are read before the machine is built", async () => {
  const words = ["-kernel", SOME_FILE, "-initrd", SOME_FILE, "-append", "-x console=ttyS0 a=b"];
  const { stdout } = await runOnPipes(words, "Q");
  assertEquals(stdout, "[virt 1 -x console=ttyS0 a=b]Q");
});
