/**
 * The least permissions that each command needs, as README.md lists them: with exactly these it works, with
 * one less it ends with a named error, and never with a question on the user's terminal.
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { hasPseudoTerminals, playOnTerminal, realCommand } from "./program.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const HELLO = join(ROOT, "tests/guests/elf/hello.virt.elf");
const SOURCES = ["frontend", "ir", "optimizer", "runtime", "wasm_backend"]
  .map((folder) => join(ROOT, folder)).join(",");
const RUN: readonly string[] = ["-M", "virt", "-bios", "none", "-kernel", HELLO];
const HANG_AFTER_MS = 60_000;
const CONFIGURATION = 1;

/** A command, and the permissions that it needs. `@` stands for the folder of the test. */
interface Command {
  readonly name: string;
  readonly words: readonly string[];
  /** Files or folders to read. */
  readonly reads: readonly string[];
  /** Files to write. */
  readonly writes: readonly string[];
  /** Addresses to use, or all. */
  readonly nets?: readonly string[];
  /** Its standard output. */
  readonly prints: RegExp;
}

/** All addresses. */
const ALL_NETS = "all";
const RESOLVER = "/etc/resolv.conf";
/** A port of the host's that a guest gets. */
const FORWARDED = "127.0.0.1:42622";

/** An address of the host's that a serial line gets. */
const SERIAL_SOCKET = "127.0.0.1:42623";

const COMMANDS: readonly Command[] = [
  { name: "-help", words: ["-help"], reads: [], writes: [], prints: /^Weft / },
  { name: "-version", words: ["-version"], reads: [], writes: [], prints: /^weft / },
  { name: "-d help", words: ["-d", "help"], reads: [], writes: [], prints: /^Items/ },
  {
    name: "a machine",
    words: RUN,
    reads: [SOURCES, HELLO],
    writes: [],
    prints: /^hello harts 1\n$/,
  },
  {
    name: "a machine with a RAM disk and a loaded file",
    words: [...RUN, "-initrd", "@file", "-device", "loader,file=@other,addr=0x80100000", "-stats"],
    reads: [SOURCES, HELLO, "@file", "@other"],
    writes: [],
    prints: /^hello harts 1\n$/,
  },
  {
    name: "a machine with a code cache",
    words: [...RUN, "-accel", "tcg,code-cache=@cache"],
    reads: [SOURCES, HELLO, "@cache"],
    writes: ["@cache"],
    prints: /^hello harts 1\n$/,
  },
  {
    name: "the debug log on standard error, in check mode",
    words: [...RUN, "-d", "in_asm,op,op_opt,out_asm", "-accel", "tcg,check=on"],
    reads: [SOURCES, HELLO],
    writes: [],
    prints: /^hello harts 1\n$/,
  },
  {
    name: "the debug log in a file",
    words: [...RUN, "-d", "in_asm", "-D", "@log"],
    reads: [SOURCES, HELLO],
    writes: ["@log"],
    prints: /^hello harts 1\n$/,
  },
  {
    name: "a timeline of a machine that is watched",
    words: [...RUN, "-trace", "file=@log", "-watchdog", "60"],
    reads: [SOURCES, HELLO],
    writes: ["@log"],
    prints: /^hello harts 1\n$/,
  },
  {
    name: "a machine whose serial line goes to a file",
    words: [...RUN, "-serial", "file:@log"],
    reads: [SOURCES, HELLO],
    writes: ["@log"],
    prints: /^$/,
  },
  {
    name: "a machine whose serial line is a socket of the network",
    words: [...RUN, "-serial", `tcp:${SERIAL_SOCKET},server=on,wait=off`],
    reads: [SOURCES, HELLO],
    writes: [],
    nets: [SERIAL_SOCKET],
    prints: /^$/,
  },
  {
    name: "a machine whose serial line is a socket in a folder",
    words: [...RUN, "-serial", "unix:@socket,server=on,wait=off"],
    reads: [SOURCES, HELLO, "@socket"],
    writes: ["@socket"],
    nets: ["unix:@socket"],
    prints: /^$/,
  },
  {
    name: "a machine with a disk",
    words: [...RUN, "-drive", "file=@file,format=raw"],
    reads: [SOURCES, HELLO, "@file"],
    writes: ["@file"],
    prints: /^hello harts 1\n$/,
  },
  {
    name: "a machine with a disk that is only read",
    words: [...RUN, "-drive", "file=@file,format=raw,readonly=on"],
    reads: [SOURCES, HELLO, "@file"],
    writes: [],
    prints: /^hello harts 1\n$/,
  },
  {
    name: "a machine with a shared folder",
    words: [...RUN, "-virtfs", "local,path=@folder,mount_tag=t,security_model=mapped-file"],
    reads: [SOURCES, HELLO, "@folder"],
    writes: ["@folder"],
    prints: /^hello harts 1\n$/,
  },
  {
    name: "a machine with a shared folder that is only read",
    words: [...RUN, "-virtfs", "local,path=@folder,mount_tag=t,security_model=none,readonly=on"],
    reads: [SOURCES, HELLO, "@folder"],
    writes: [],
    prints: /^hello harts 1\n$/,
  },
  {
    name: "a machine with a network card that stays alone, and random numbers",
    words: [...RUN, "-nic", "user,restrict=on", "-device", "virtio-rng-device"],
    reads: [SOURCES, HELLO],
    writes: [],
    prints: /^hello harts 1\n$/,
  },
  {
    name: "a machine with a forwarded port",
    words: [...RUN, "-nic", `user,restrict=on,hostfwd=tcp:${FORWARDED}-:22`],
    reads: [SOURCES, HELLO],
    writes: [],
    nets: [FORWARDED],
    prints: /^hello harts 1\n$/,
  },
  {
    name: "a machine with a way to one address, and its frames in a file",
    words: [
      ...[...RUN, "-netdev", "user,id=n,allow=127.0.0.1:9,nameserver=127.0.0.1"],
      ...["-device", "virtio-net-device,netdev=n"],
      ...["-object", "filter-dump,id=f,netdev=n,file=@log"],
    ],
    reads: [SOURCES, HELLO],
    writes: ["@log"],
    nets: ["127.0.0.1:9"],
    prints: /^hello harts 1\n$/,
  },
  {
    name: "a machine with a network card",
    words: [...RUN, "-nic", "user"],
    reads: [SOURCES, HELLO, RESOLVER],
    writes: [],
    nets: [ALL_NETS],
    prints: /^hello harts 1\n$/,
  },
  {
    name: "dumpdtb=",
    words: ["-M", "virt,dumpdtb=@tree"],
    reads: [],
    writes: ["@tree"],
    prints: /^$/,
  },
];

function flags(command: Command): string[] {
  const { nets = [] } = command;
  const all = nets.includes(ALL_NETS);
  return [
    ...(nets.length > 0 ? [all ? "--allow-net" : `--allow-net=${nets.join(",")}`] : []),
    ...(command.reads.length > 0 ? [`--allow-read=${command.reads.join(",")}`] : []),
    ...(command.writes.length > 0 ? [`--allow-write=${command.writes.join(",")}`] : []),
  ];
}

/** The command with one permission less, for each that it has. */
function deprived(command: Command): Command[] {
  const without = (list: readonly string[], place: number) =>
    list.filter((_, index) => index !== place);
  return [
    ...command.reads.map((_, place) => ({ ...command, reads: without(command.reads, place) })),
    ...command.writes.map((_, place) => ({ ...command, writes: without(command.writes, place) })),
    ...(command.nets ?? []).map((_, place) => ({
      ...command,
      nets: without(command.nets ?? [], place),
    })),
  ];
}

function inFolder(folder: string, command: Command): string[] {
  return realCommand(flags(command), command.words)
    .map((word) => word.replaceAll("@", `${folder}/`));
}

async function run([program, ...args]: readonly string[]): Promise<
  { code: number; stdout: string; stderr: string }
> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args,
    stdin: "null",
    signal: AbortSignal.timeout(HANG_AFTER_MS),
  }).output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/file`, "hsqs");
    await Deno.writeTextFile(`${folder}/other`, "content");
    await Deno.mkdir(`${folder}/folder`);
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const command of COMMANDS) {
  Deno.test(`${command.name} works with its permissions and is refused by name with less`, async () => {
    await withFolder(async (folder) => {
      const granted = await run(inFolder(folder, command));
      assertMatch(granted.stdout, command.prints, granted.stderr);
      assertEquals(granted.code, 0);
      for (const less of deprived(command)) {
        const { code, stdout, stderr } = await run(inFolder(folder, less));
        assertMatch(stderr, /^weft: [^\n]+\n {2}cause: [^\n]+\n {2}fix: run deno with --allow-/);
        assertEquals([code, stdout], [CONFIGURATION, ""]);
      }
    });
  });
}

Deno.test({
  name: "on a terminal nothing is asked where a permission is missing",
  ignore: !await hasPseudoTerminals(),
  async fn() {
    await withFolder(async (folder) => {
      for (const command of COMMANDS) {
        for (const less of deprived(command)) {
          const report = await playOnTerminal(inFolder(folder, less), []);
          assertEquals(report.code, CONFIGURATION, report.output);
          assertStringIncludes(report.output, "fix: run deno with --allow-");
          assert(report.restored);
        }
      }
    });
  },
});
