import { assertEquals, assertRejects } from "@std/assert";
import { dirname, join } from "node:path";
import { needyElf } from "./elf_needs_fixture.ts";
import { GuestError } from "./guest_error.ts";
import { closureEntries } from "./program_closure.ts";

const FILES: Readonly<Record<string, Uint8Array>> = {
  "usr/bin/tool": needyElf(["libone.so.1"], "/lib/ld-test.so.1"),
  "usr/bin/script": new TextEncoder().encode("#!/bin/sh\n"),
  "usr/bin/broken": needyElf(["libnowhere.so.9"], null),
  "usr/lib/ld-test.so.1": needyElf([], null),
  "usr/lib/arch/libone.so.1": needyElf(["libtwo.so.2"], null),
  "usr/lib/arch/deep/libtwo.so.2.0.5": needyElf(["libone.so.1"], null),
  "usr/lib/arch/libthree.so.3": needyElf([], null),
  "usr/share/doc/tool/copyright": new TextEncoder().encode("anybody's"),
};

async function withRoot(use: (root: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir();
  try {
    for (const [path, content] of Object.entries(FILES)) {
      await Deno.mkdir(join(root, dirname(path)), { recursive: true });
      await Deno.writeFile(join(root, path), content);
    }
    await Deno.symlink("libtwo.so.2.0.5", join(root, "usr/lib/arch/deep/libtwo.so.2"));
    await use(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("a program comes with its loader and its libraries' libraries, each once, and nothing else", () =>
  withRoot(async (root) => {
    const entries = await closureEntries(root, ["usr/bin/tool", "usr/bin/script"]);
    assertEquals(
      entries.filter(({ kind }) => kind === "directory").map(({ path }) => path),
      ["lib", "usr", "usr/bin", "usr/lib", "usr/lib/arch", "usr/lib/arch/deep"],
    );
    const files = entries.filter((entry) => entry.kind === "file");
    assertEquals(files.map(({ path }) => path), [
      "usr/bin/tool",
      "lib/ld-test.so.1",
      "usr/lib/arch/libone.so.1",
      "usr/lib/arch/deep/libtwo.so.2",
      "usr/bin/script",
    ]);
    assertEquals(files[3].content, FILES["usr/lib/arch/deep/libtwo.so.2.0.5"]);
  }));

Deno.test("what no package has is named, with who needs it", () =>
  withRoot(async (root) => {
    await assertRejects(
      () => closureEntries(root, ["usr/bin/broken"]),
      GuestError,
      "usr/bin/broken needs libnowhere.so.9",
    );
    await assertRejects(() => closureEntries(root, ["usr/bin/none"]), GuestError, "usr/bin/none");
  }));
