import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import fc from "fast-check";
import { absentFlag } from "./absent_flags.ts";
import { FLAGS, parseCommandLine } from "./flags.ts";
import { debugHelpText, helpText } from "./help_text.ts";
import { UsageError } from "./usage_error.ts";

function words(line: string): string[] {
  return line.split(" ");
}

Deno.test("a QEMU command line is understood as QEMU does", () => {
  const line = parseCommandLine([
    ...words("-M virt -smp 2 -m 512M -nographic -no-reboot -kernel Image -initrd i.gz"),
    "-append",
    "console=ttyS0 root=/dev/vda -- -s --smp=9",
  ]);
  assertEquals(line, {
    machine: "virt",
    harts: 2,
    memoryBytes: 2 ** 29,
    serial: "mon:stdio",
    noReboot: true,
    kernel: "Image",
    initrd: "i.gz",
    append: "console=ttyS0 root=/dev/vda -- -s --smp=9",
  });
});

Deno.test("every row parses under each of its names, with one dash and with two", () => {
  const values: Readonly<Record<string, string>> = {
    machine: "virt",
    cpu: "rv64,sv57=on",
    accel: "tcg,thread=single,check=on",
    serial: "null",
    device: "loader,file=x,addr=1",
    drive: "file=x",
    object: "iothread,id=t",
    netdev: "user,id=n",
    nic: "user",
    virtfs: "local,path=x,mount_tag=t,security_model=none",
    fsdev: "local,id=f,path=x,security_model=none",
    global: "virtio-mmio.force-legacy=false",
    chardev: "null,id=c",
    d: "in_asm,op_opt",
    monitor: "none",
    trace: "file=x",
    display: "none",
  };
  for (const row of FLAGS) {
    const value = row.value === undefined ? [] : [values[row.names[0]] ?? "1"];
    for (const name of row.names) {
      const line = parseCommandLine([`-${name}`, ...value]);
      assertEquals(parseCommandLine([`--${name}`, ...value]), line);
      if (!["monitor", "display", "global"].includes(row.names[0])) {
        assert(Object.keys(line).length > 0);
      }
    }
  }
});

Deno.test("aia= chooses interrupt controllers, and no files for guests is what there is anyway", () => {
  assertEquals(parseCommandLine(words("-M virt,aia=aplic-imsic,aia-guests=0")), {
    machine: "virt",
    aia: "aplic-imsic",
  });
  for (const wrong of ["virt,aia=imsic", "virt,aia-guests=3", "virt,aia-guests=no"]) {
    assertThrows(() => parseCommandLine(["-M", wrong]), UsageError);
  }
});

Deno.test("a value may begin with a dash or look like a flag", () => {
  assertEquals(parseCommandLine(["-append", "-smp"]), { append: "-smp" });
  assertEquals(parseCommandLine(["-append", ""]), { append: "" });
  assertEquals(parseCommandLine(["-kernel", "--"]), { kernel: "--" });
});

Deno.test("the last of a repeated flag counts, repeated machine properties add up", () => {
  assertEquals(parseCommandLine(words("-smp 2 -smp 4")), { harts: 4 });
  assertEquals(parseCommandLine(words("-M spike -M dumpdtb=x")), {
    machine: "spike",
    dumpDeviceTree: "x",
  });
  assertEquals(parseCommandLine(words("-serial none -nographic")), { serial: "none" });
});

Deno.test("the memory order table's column and the unsafe loads are properties of -accel", () => {
  assertEquals(parseCommandLine(words("-accel tcg,host-order=portable,unsafe-plain-loads=on")), {
    hostOrder: "portable",
    unsafePlainLoads: true,
  });
  const wrong = words("-accel tcg,host-order=x86");
  assertThrows(() => parseCommandLine(wrong), UsageError, "x64");
});

Deno.test("what encodes compiled code is a property of -accel", () => {
  assertEquals(parseCommandLine(words("-accel tcg,encoder=binaryen")), { encoder: "binaryen" });
  assertEquals(parseCommandLine(words("-accel tcg,tb-size=2")), { codeBytes: 0x20_0000 });
  const wrong = words("-accel tcg,encoder=wabt");
  assertThrows(() => parseCommandLine(wrong), UsageError, "direct");
});

Deno.test("files with symbols add up; what looks like a number behind the last @ is an address", () => {
  assertEquals(parseCommandLine(words("-symbols a@0x1000 -symbols b@2 -symbols c@d")).symbols, [
    { path: "a", address: 0x1000 },
    { path: "b", address: 2 },
    { path: "c@d", address: 0 },
  ]);
  for (const value of ["", "x@99999999999999999999"]) {
    assertThrows(() => parseCommandLine(["-symbols", value]), UsageError);
  }
});

Deno.test("a trace goes to a file, a watchdog waits for seconds", () => {
  assertEquals(parseCommandLine(words("-trace file=t.json --watchdog 2.5")), {
    trace: "t.json",
    watchdogSeconds: 2.5,
  });
  for (
    const wrong of ["-trace t.json", "-trace file=t,events=e", "-watchdog 1s", "-watchdog 0.0"]
  ) {
    assertThrows(() => parseCommandLine(words(wrong)), UsageError);
  }
});

Deno.test("the code cache is a folder", () => {
  assertEquals(parseCommandLine(words("-accel tcg,code-cache=/var/cache/weft")), {
    codeCache: "/var/cache/weft",
  });
  for (const value of ["", "on", "off"]) {
    assertThrows(
      () => parseCommandLine(["-accel", `tcg,code-cache=${value}`]),
      UsageError,
      "its value is the folder of the cache",
    );
  }
});

Deno.test("properties of -cpu and -accel are switches and choices", () => {
  const line = parseCommandLine(
    words("-cpu rv64,sv57=on,zbb=off -accel tcg,thread=single,check=on,bql=on"),
  );
  assertEquals(line, {
    cpuModel: "rv64",
    cpu: { sv57: true, zbb: false },
    thread: "single",
    check: true,
    bql: true,
  });
});

Deno.test("threads of harts are counted", () => {
  assertEquals(parseCommandLine(words("-accel tcg,threads=8")), { threads: 8 });
  for (const value of ["", "0", "-1", "1.5", "all"]) {
    assertThrows(
      () => parseCommandLine(["-accel", `tcg,threads=${value}`]),
      UsageError,
      "its value is a whole number of threads, more than 0",
    );
  }
});

Deno.test("errors name the nearest word", () => {
  for (
    const [line, fix] of [
      ["-krenel x", "did you mean -kernel?"],
      ["-no-rebot", "did you mean -no-reboot?"],
      ["-M vrit", "did you mean virt?"],
      ["-M virt,dumpdbt=x", "did you mean dumpdtb?"],
      ["-accel tcg,thread=mutli", "did you mean multi?"],
      ["-accel kvm", "use one of: tcg"],
      ["-d in_asn", "did you mean in_asm?"],
      ["-serial mon:stido", "did you mean mon:stdio?"],
      ["-smp", "write -smp N"],
      ["-smp=2", "write -smp 2"],
      ["-nographic=on", "write -nographic"],
      ["disk.img", "write -kernel disk.img"],
      ["-kernel ", "write -kernel FILE"],
      ["-", "write -kernel"],
    ]
  ) assertThrows(() => parseCommandLine(words(line)), UsageError, fix);
});

Deno.test("a flag of QEMU for what does not exist says so", () => {
  const cause = "there is no debugger stub";
  assertThrows(() => parseCommandLine(words("-gdb tcp::1234")), UsageError, cause);
  for (const name of FLAGS.flatMap((row) => row.names)) assertEquals(absentFlag(name), undefined);
});

Deno.test("any words give a command line or a usage error", () => {
  const names = FLAGS.flatMap((row) => row.names).map((name) => `-${name}`);
  const word = fc.oneof(
    fc.constantFrom(...names),
    fc.string(),
    fc.constantFrom("virt", "2", "rv64,", "tcg,check", "__proto__", "--__proto__"),
  );
  fc.assert(fc.property(fc.array(word, { maxLength: 6 }), (args) => {
    try {
      parseCommandLine(args);
    } catch (error) {
      assert(error instanceof UsageError, String(error));
    }
  }));
});

Deno.test("the help text has every flag and no line that a terminal would break", () => {
  const text = helpText("1.2.3");
  for (const row of FLAGS) for (const name of row.names) assert(text.includes(`-${name}`), name);
  for (const line of text.split("\n")) assert(line.length <= 80, line);
  assertMatch(text, /^Weft 1\.2\.3:/);
  assertMatch(debugHelpText(), /^ {2}in_asm +guest instructions/m);
});

Deno.test("-d help lists the items", () => {
  assertEquals(parseCommandLine(words("-d help")), { debugHelp: true });
});
