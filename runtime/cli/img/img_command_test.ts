import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { join } from "node:path";
import { UserError } from "../../machine/user_error.ts";
import { imgHelpText, runImg } from "./img_command.ts";

const QEMU_IMG = "qemu-img";

async function img(...words: string[]): Promise<{ code: number; text: string }> {
  let text = "";
  const code = await runImg(words, (part) => text += part);
  return { code, text };
}

async function inFolder(use: (path: (name: string) => string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use((name) => join(folder, name));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function qemuImg(...args: string[]): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await new Deno.Command(QEMU_IMG, { args }).output();
  const text = new TextDecoder();
  return { code, text: text.decode(stdout) + text.decode(stderr) };
}

async function hasQemuImg(): Promise<boolean> {
  try {
    return (await qemuImg("--version")).code === 0;
  } catch {
    return false;
  }
}

/** A raw image with data here and there. */
async function rawImage(path: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(5 * 2 ** 20 + 512);
  for (const place of [0, 70_000, 2 ** 20 + 3, 4 * 2 ** 20]) {
    for (let at = 0; at < 40_000; at++) bytes[place + at] = (at * 7 + place) % 256;
  }
  await Deno.writeFile(path, bytes);
  return bytes;
}

Deno.test("an image is made, grown and shrunk, and says what it is", () =>
  inFolder(async (path) => {
    const image = path("a.qcow2");
    const made = await img("create", "-f", "qcow2", "-o", "cluster_size=4k", image, "3G");
    assertMatch(made.text, /^Formatting '.*', fmt=qcow2 cluster_size=4096 size=3221225472\n$/);
    assertMatch((await img("info", image)).text, /virtual size: 3 GiB \(3221225472 bytes\)/);
    await img("resize", "-q", image, "+1G");
    await assertRejects(() => img("resize", image, "-2G"), UserError, "add --shrink");
    await img("resize", "--shrink", image, "-2G");
    const info = JSON.parse((await img("info", "--output=json", image)).text);
    assertEquals([info["virtual-size"], info["cluster-size"], info.format], [
      2 ** 31,
      4096,
      "qcow2",
    ]);
    assertEquals(info["format-specific"].data.compat, "1.1");
    const { code, text } = await img("check", "--output", "json", image);
    assertEquals([code, JSON.parse(text)["check-errors"]], [0, 0]);
  }));

Deno.test("what is converted there and back is the same, and its zeros take no place", () =>
  inFolder(async (path) => {
    const content = await rawImage(path("raw"));
    for (
      const options of ["cluster_size=512", "compat=0.10", "refcount_bits=1", "cluster_size=2M"]
    ) {
      await img("convert", "-O", "qcow2", "-o", options, path("raw"), path("q"));
      assertEquals((await img("check", path("q"))).code, 0, options);
      await img("convert", "-f", "qcow2", "-O", "raw", path("q"), path("back"));
      assertEquals(await Deno.readFile(path("back")), content, options);
    }
    const { blocks } = await Deno.stat(path("back"));
    assert((blocks ?? 0) * 512 < content.length / 2, `${blocks} blocks`);
    const { text } = await img("convert", "-p", "-O", "qcow2", path("raw"), path("q"));
    assertStringIncludes(text, "(100.00/100%)");
  }));

Deno.test("a backing file is used only when it is named, and opened never by itself", () =>
  inFolder(async (path) => {
    const content = await rawImage(path("base"));
    await img("create", "-q", "-f", "qcow2", "-b", path("base"), "-F", "raw", path("top"));
    await img("create", "-q", "-f", "qcow2", "-b", "top", "-F", "qcow2", path("topmost"));
    await assertRejects(
      () => img("convert", path("topmost"), path("out")),
      UserError,
      "an image opens no files by itself",
    );
    const chain = `driver=qcow2,file.filename=${path("topmost")},backing.file.filename=${
      path("top")
    },backing.backing.file.filename=${path("base")},backing.backing.driver=raw`;
    await img("convert", "--image-opts", chain, path("out"));
    assertEquals(await Deno.readFile(path("out")), content);
    await assertRejects(() => img("resize", path("top"), "+1M"), UserError, "has a backing file");
    const info = JSON.parse((await img("info", "--output", "json", path("topmost"))).text);
    assertEquals([info["backing-filename"], info["backing-filename-format"]], ["top", "qcow2"]);
  }));

Deno.test("a check tells corrupt from leaky by its exit code, and repairs both", () =>
  inFolder(async (path) => {
    await rawImage(path("raw"));
    await img("convert", "-O", "qcow2", path("raw"), path("q"));
    const whole = await Deno.readFile(path("q"));
    const view = new DataView(whole.buffer);
    const block = view.getUint32(view.getUint32(52) + 4);
    view.setUint16(block + 2 * (whole.length / 0x1_0000), 1);
    await Deno.writeFile(path("leaky"), whole);
    await Deno.truncate(path("leaky"), whole.length + 0x1_0000);
    assertEquals((await img("check", path("leaky"))).code, 3);
    view.setUint16(block + 2 * 5, 0);
    await Deno.writeFile(path("corrupt"), whole);
    const found = await img("check", path("corrupt"));
    assertEquals(found.code, 2);
    assertStringIncludes(found.text, "ERROR cluster 5 refcount=0 reference=1");
    assertEquals((await img("check", "-r", "leaks", path("corrupt"))).code, 2);
    const repaired = await img("check", "-r", "all", "--output", "json", path("corrupt"));
    assertEquals([repaired.code, JSON.parse(repaired.text)["corruptions-fixed"]], [0, 1]);
    assertEquals((await img("check", path("raw"))).code, 63);
    assertEquals((await img("check", "-q", path("leaky"))).text, "");
  }));

Deno.test("what is asked for wrongly is refused by name, and changes nothing", () =>
  inFolder(async (path) => {
    await rawImage(path("raw"));
    await img("create", "-q", "-f", "qcow2", path("q"), "1M");
    const before = await Deno.readFile(path("q"));
    const cases: readonly (readonly [string, string])[] = [
      ["creat x 1M", "did you mean create?"],
      ["create -f vmdk x 1M", "use one of: raw, qcow2"],
      ["create x", "it has no size"],
      ["create x big", '"big" is not a size'],
      ["create -f qcow2 -o cluster_size=3000 x 1M", "a power of two"],
      ["create -f qcow2 -o cluster_size=4M x 1M", "a power of two"],
      ["create -f qcow2 -o cluster=1k x 1M", "did you mean cluster_size?"],
      ["create -f qcow2 -o compat=0.10,refcount_bits=8 x 1M", "16 with compat=0.10"],
      ["create -f qcow2 -o cluster_size=512 x 1T", "too large for clusters"],
      ["create -f qcow2 -b raw x 1M", "add -F raw or -F qcow2"],
      ["create -f raw -b raw -F raw x 1M", "a raw image has no backing file"],
      ["info", "it takes one file"],
      ["info missing", "there is no such file"],
      ["info --output xml q", "use one of: human, json"],
      ["info -z q", "it has no option -z"],
      ["info -f", "the value of -f is missing"],
      ["check -r some q", "use one of: leaks, all"],
      ["check -f qcow2 raw", "it is no qcow2 image"],
      ["convert -c q x", "it has no option -c"],
      ["convert raw", "it takes two files"],
      ["convert raw raw", "it is the source as well"],
      ["convert --image-opts driver=qcow2 x", "names no file"],
      ["resize q -2M", "has 1048576 bytes only"],
      ["resize q", "a file and a size"],
    ];
    for (const [line, cause] of cases) {
      const words = line.split(" ").map((word) =>
        ["raw", "q", "x"].includes(word) ? path(word) : word
      );
      const isFormat = (word: string, at: number) =>
        ["-f", "-F", "-O"].includes(line.split(" ")[at - 1]) ? line.split(" ")[at] : word;
      await assertRejects(() => img(...words.map(isFormat)), UserError, cause, line);
    }
    assertEquals(await Deno.readFile(path("q")), before);
    assertStringIncludes(imgHelpText(), "img convert [OPTION...] SOURCE FILE");
    assertStringIncludes((await img("check", "--help")).text, "-r leaks|all");
  }));

Deno.test({
  name: "qemu-img finds nothing wrong with images from here, and its own are understood",
  ignore: !await hasQemuImg(),
  fn: () =>
    inFolder(async (path) => {
      const content = await rawImage(path("raw"));
      for (const size of ["0", "512", "8G", "100G"]) {
        await img("create", "-q", "-f", "qcow2", "-o", "cluster_size=512", path("q"), size);
        const { code, text } = await qemuImg("check", path("q"));
        assertEquals(code, 0, `${size}: ${text}`);
      }
      await img("convert", "-O", "qcow2", path("raw"), path("q"));
      assertEquals((await qemuImg("compare", path("raw"), path("q"))).code, 0);
      for (
        const options of [["-c"], ["-c", "-o", "compression_type=zstd"], ["-o", "compat=0.10"]]
      ) {
        await qemuImg("convert", ...options, "-O", "qcow2", path("raw"), path("theirs"));
        await qemuImg("snapshot", "-c", "first", path("theirs"));
        assertEquals((await img("check", path("theirs"))).code, 0, `${options}`);
        assertMatch((await img("info", path("theirs"))).text, /Snapshot list:\n +1 +first/);
        await img("convert", path("theirs"), path("back"));
        assertEquals(await Deno.readFile(path("back")), content, `${options}`);
      }
    }),
});
