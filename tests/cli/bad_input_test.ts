/**
 * The real program with everything that users get wrong: it says what, why and what to do, ends with the
 * documented exit code, and shows no stack.
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { elfFile, Field } from "../../runtime/loader/elf_fixture.ts";
import { efiKernelFile, gzip, kernelFile, zbootFile } from "../../runtime/loader/kernel_fixture.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const HELLO = "tests/guests/elf/hello.virt.elf";
const TAG = ",mount_tag=t,security_model=none";
const CONFIGURATION = 1;
const USAGE = 2;
/** Programs that run at a time: their start is what takes time. */
const AT_A_TIME = 4;
/** A program that is still running after this long was not stopped by its error. */
const HANG_AFTER_MS = 60_000;

/** Words of a command line, and a part of the complaint. */
type Case = readonly [string, string];

interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(folder: string, line: string): Promise<Finished> {
  const words = line.split(" ").map((word) =>
    word.replace("@", `${folder}/`).replace("LONG", "a".repeat(2000))
  );
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--allow-read", "--allow-write", "mod.ts", ...words],
    cwd: ROOT,
    stdin: "null",
    signal: AbortSignal.timeout(HANG_AFTER_MS),
  }).output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

/** Runs all cases. Those that run at a time have a folder each: an image has one owner. */
async function runAll(
  cases: readonly Case[],
  check: (line: string, finished: Finished, part: string) => void,
): Promise<void> {
  const queue = cases.values();
  const worker = (): Promise<void> =>
    inFolder(async (folder) => {
      for (const [line, part] of queue) check(line, await run(folder, line), part);
    });
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
}

function refusedWith(code: number): (line: string, finished: Finished, part: string) => void {
  return (line, finished, part) => {
    const { stdout, stderr } = finished;
    assertMatch(stderr, /^weft: [^\n]+\n {2}cause: [^\n]+\n {2}fix: [^\n]+\n$/, line);
    assertStringIncludes(stderr, part, line);
    assertEquals({ line, code: finished.code, stdout }, { line, code, stdout: "" });
  };
}

function changed(bytes: Uint8Array, offset: number, ...values: number[]): Uint8Array {
  const copy = bytes.slice();
  copy.set(values, offset);
  return copy;
}

/** A segment of the test's ELF file, moved. */
function movedSegment(address: number): Uint8Array {
  const bytes = elfFile();
  new DataView(bytes.buffer).setBigUint64(64 + 56 + 24, BigInt(address), true);
  return bytes;
}

async function files(): Promise<Record<string, Uint8Array>> {
  const elf = elfFile();
  const kernel = kernelFile();
  const packed = await gzip(kernel);
  const bomb = await gzip(new Uint8Array(64 * 2 ** 20));
  const long = new TextEncoder();
  return {
    "empty": new Uint8Array(0),
    "text": long.encode("this is a page of text and no program\n".repeat(9)),
    "elf": elf,
    "elf-cut": elf.subarray(0, 100),
    "elf-32": changed(elf, Field.CLASS, 1),
    "elf-big": changed(elf, Field.DATA, 2),
    "elf-x86": changed(elf, Field.MACHINE, 62, 0),
    "elf-object": changed(elf, Field.TYPE, 1),
    "elf-dynamic": changed(elf, 64, 3),
    "elf-many": changed(elf, Field.PROGRAM_COUNT, 0xff, 0xff),
    "elf-more": changed(elf, Field.PROGRAM_COUNT, 0xfe, 0xff),
    "elf-none": changed(elf, Field.PROGRAM_COUNT, 0, 0),
    "elf-entry": changed(elf, Field.ENTRY + 6, 0),
    "elf-overlap": movedSegment(0x8000_0004),
    "elf-low": movedSegment(0x1000),
    "kernel": kernel,
    "kernel-cut": kernel.subarray(0, 62),
    "kernel-efi-cut": efiKernelFile().subarray(0, -1),
    "kernel-offset": changed(kernel, 8, 1),
    "kernel-large": changed(kernel, 16 + 3, 0x40),
    "kernel-big": changed(kernel, 24, 1),
    "kernel.gz": packed,
    "kernel.gz-cut": packed.subarray(0, 30),
    "bomb.gz": bomb,
    "kernel.xz": Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 0),
    "kernel.zst": Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0),
    "vmlinuz.xz": zbootFile(Uint8Array.of(1, 2, 3), "xzkern"),
    "tree": Uint8Array.of(0xd0, 0x0d, 0xfe, 0xed, 0, 0),
    "disk.vmdk": Uint8Array.of(0x4b, 0x44, 0x4d, 0x56, 0, 0, 0, 1),
    "disk.qcow2": Uint8Array.of(0x51, 0x46, 0x49, 0xfb, 0, 0, 0, 3),
    "initrd-large": new Uint8Array(20 * 2 ** 20),
  };
}

/** A machine that cannot be built. `@x` is a file from above. */
const CONFIGURATION_CASES: readonly Case[] = [
  [`-bios none -kernel ${HELLO} -drive file=@missing`, "there is no such file"],
  [`-bios none -kernel ${HELLO} -drive file=/`, "neither a plain file nor a block device"],
  [`-bios none -kernel ${HELLO} -drive file=/dev/null`, "neither a plain file nor a block device"],
  [
    `-bios none -kernel ${HELLO} -drive file=@disk.qcow2`,
    "the image is damaged: it ends in its header",
  ],
  [`-bios none -kernel ${HELLO} -drive file=@disk.vmdk`, "it is a VMDK image"],
  [`-bios none -kernel ${HELLO} -drive file=@disk.vmdk,format=qcow2`, "it is no qcow2 image"],
  [
    `-bios none -kernel ${HELLO} -drive file=@disk.vmdk,format=raw,discard=unmap`,
    "Deno can make no holes in a file",
  ],
  [
    `-bios none -kernel ${HELLO} -drive file=@disk.vmdk,format=raw,backing.file.filename=none`,
    "there is no such file",
  ],
  [`-bios none -kernel ${HELLO} -drive file=@text -drive file=@text`, "another machine has it"],
  [`-bios none -kernel ${HELLO} -serial file:@missing/log`, "there is no such file or folder"],
  [`-bios none -kernel ${HELLO} -virtfs local,path=@missing${TAG}`, "there is no such file"],
  [`-bios none -kernel ${HELLO} -virtfs local,path=@text${TAG}`, "it is not a folder"],
  [`-bios none -kernel ${HELLO} -virtfs local,path=.${TAG} -icount 0`, "would not repeat"],
  [`-M spike -bios none -kernel ${HELLO} -drive file=@text`, "no slots for virtio devices"],
  [`-bios none -kernel ${HELLO} -drive file=@text -icount 0`, "a disk answers when the host does"],
  [`-M spike -bios none -kernel ${HELLO} -device virtio-rng-device`, "no slots for virtio devices"],
  [`-bios none -kernel ${HELLO} -device virtio-rng-device -icount 0`, "would not repeat"],
  [`-bios none -kernel ${HELLO} -device virtio-rng-pci -icount 0`, "would not repeat"],
  [`-M spike -bios none -kernel ${HELLO} -device virtio-rng-pci`, "no slots for virtio devices"],
  [
    `-bios none -kernel ${HELLO} -device virtio-rng-pci,addr=3 -device virtio-rng-pci,addr=0x3`,
    "a slot has one device",
  ],
  [`-M spike,aia=aplic -bios none -kernel ${HELLO}`, "no interrupt controllers"],
  [
    `-bios none -kernel ${HELLO} -device virtio-rng-pci,vectors=2`,
    "no interrupts by message",
  ],
  [
    `-M virt,aia=aplic-imsic -bios none -kernel ${HELLO} -device virtio-rng-pci,vectors=49`,
    "up to 48",
  ],
  [`-M spike -bios none -kernel ${HELLO} -nic user`, "no slots for virtio devices"],
  [`-bios none -kernel ${HELLO} -nic user -icount 0`, "would not repeat"],
  [`-bios none -kernel ${HELLO} -nic user,net=10.0.2.0`, "a network is an address with 8 to 27"],
  [`-bios none -kernel ${HELLO} -nic user,host=10.0.3.2`, "not the address of one station"],
  [`-bios none -kernel ${HELLO} -nic user,dns=10.0.2.2`, "host has this address"],
  [`-bios none -kernel ${HELLO} -nic user,mac=ff:ff:ff:ff:ff:ff`, "address of one network card"],
  [`-bios none -kernel ${HELLO} -nic user,allow=all`, "neither a word nor a range"],
  [`-bios none -kernel ${HELLO} -nic user,nameserver=x`, "not an address, or one with a port"],
  [`-bios none -kernel ${HELLO} -nic user,hostfwd=::99999-:22`, "99999 is not a port"],
  [`-bios none -kernel ${HELLO} -nic user,hostfwd=::99-10.0.2.2:22`, "not the address of a guest"],
  [`-bios none -kernel ${HELLO} -nic user,hostname=a_b`, "not a name of letters"],
  ["-M virt", "a machine with nothing to run"],
  ["-kernel @missing", "there is no such file"],
  ["-kernel /", "it is a folder"],
  ["-bios none -kernel @elf -accel tcg,code-cache=@text", "there is a file of this name"],
  ["-bios none -kernel @elf -accel tcg,code-cache=@text/x", "a part of its path is a file"],
  ["-kernel @text/x", "a part of its path is a file"],
  ["-kernel /dev/zero", "more than 1 GiB"],
  ["-kernel @empty", "the file is empty"],
  ["-kernel @text", "it is text"],
  ["-bios @missing", "-bios"],
  ["-bios @empty", "the file is empty"],
  ["-kernel @elf-cut", "the file is cut short"],
  ["-kernel @elf-32", "not a 64-bit ELF file"],
  ["-kernel @elf-big", "not little-endian"],
  ["-kernel @elf-x86", "it is for x86-64, not for RISC-V"],
  ["-kernel @elf-object", "link it first"],
  ["-kernel @elf-dynamic", "a program for an operating system"],
  ["-kernel @elf-many", "too many program headers"],
  ["-kernel @elf-more", "the file is cut short"],
  ["-kernel @elf-none", "nothing to load"],
  ["-kernel @elf-entry", "lies in no segment"],
  [
    "-bios none -kernel @elf-overlap",
    "elf-overlap at 0x80000004..0x80000103\n  cause: it overlaps",
  ],
  ["-bios none -kernel @elf-low", "RAM is 0x80000000..0x87ffffff"],
  ["-kernel @elf", "-bios none leaves out"],
  ["-kernel @kernel-cut", "needs 64 bytes here, the file ends at 62"],
  ["-kernel @kernel-efi-cut", "the file is cut short"],
  ["-kernel @kernel-offset", "not a multiple of 2 MiB"],
  ["-kernel @kernel-large", "use a larger -m"],
  ["-kernel @kernel -m 2M", "use a larger -m"],
  ["-kernel @kernel-big", "the kernel is big-endian"],
  ["-kernel @kernel.gz-cut", "the gzip data is damaged"],
  ["-kernel @bomb.gz -m 32M", "unpacks to more than 33554432 bytes"],
  ["-kernel @kernel.xz", "unpack it first: xz -d"],
  ["-kernel @kernel.zst", "the file is cut short"],
  ["-kernel @vmlinuz.xz", "packed with xzkern"],
  ["-kernel @tree", "name it with -dtb"],
  ["-kernel @kernel -dtb @missing", "-dtb"],
  ["-kernel @kernel -dtb @empty", "Cannot read device tree"],
  ["-kernel @kernel -dtb @tree", "Cannot read device tree"],
  ["-kernel @kernel -dtb @text", "make it with `dtc -O dtb`"],
  ["-kernel @kernel -initrd @missing", "-initrd"],
  ["-kernel @kernel -initrd @empty", "the file is empty"],
  ["-initrd @elf", "without a kernel"],
  ["-append quiet", "a kernel command line without a kernel"],
  ["-kernel @kernel -append LONG", "-append of 2000 bytes\n  cause: Linux reads 1023"],
  [`-smp 0 -kernel ${HELLO}`, "a machine has 1 to 64 harts"],
  [`-smp 1000 -kernel ${HELLO}`, "use -smp 64"],
  [`-m 0 -kernel ${HELLO}`, "at least 1 MiB"],
  [`-m 1T -kernel ${HELLO}`, "use -m 4064M or less"],
  [`-m 999999999999999T -kernel ${HELLO}`, "use -m 4064M or less"],
  [`-cpu rv64,nonsense=on -kernel ${HELLO} -bios none`, 'the CPU has no property "nonsense"'],
  [`-cpu rv64,f=off -kernel ${HELLO} -bios none`, 'extension "d" needs "f"'],
  [`-bios none -kernel ${HELLO} -device loader,file=@text,addr=0x80000000`, "it overlaps"],
  ["-bios none -device loader,file=@text,addr=0x1000", "RAM is 0x80000000"],
  ["-bios none -device loader,file=@missing,addr=0x80000000", "there is no such file"],
  ["-bios none -device loader,addr=0x80000000,cpu-num=1", "the machine has harts 0 to 0"],
  [
    `-kernel ${HELLO} -device loader,addr=0x80000000,cpu-num=0`,
    "go around the built-in firmware",
  ],
  ["-M virt,dumpdtb=@missing/tree.dtb", "there is no such file or folder"],
  ["-M virt,dumpdtb=/dev/full", "use a plain file"],
  [`-bios none -kernel ${HELLO} -d in_asm -D @missing/log`, "name a file that can be written"],
  [`-bios none -kernel ${HELLO} -profile @missing/p`, "there is no such file or folder"],
  [`-bios none -kernel ${HELLO} --profile /`, "-profile /"],
  [`-bios none -kernel ${HELLO} -jit-map @text/map`, "a part of its path is a file"],
  [`-bios none -kernel ${HELLO} -symbols @elf`, "nothing is asked for that shows names"],
  [`-bios none -kernel ${HELLO} -jit-map @map -symbols @missing`, "there is no such file"],
  [`-bios none -kernel ${HELLO} -jit-map @map -symbols @text`, "line 1 is not an address"],
  [`-bios none -kernel ${HELLO} -jit-map @map -symbols @elf-cut`, "the file is cut short"],
  [`-bios none -kernel ${HELLO} -jit-map @map -symbols @elf-32@4096`, "not a 64-bit ELF file"],
  [`-bios none -kernel ${HELLO} -jit-map @map -symbols @elf`, "it names no functions"],
];

/** A flag that is not understood. */
const USAGE_CASES: readonly Case[] = [
  ["-krenel x", "did you mean -kernel?"],
  ["-kernel", "its value is missing"],
  ["-kernel ", "its value is empty"],
  ["disk.img", "-drive file=disk.img for a disk"],
  ["-smp 1.5", '"1.5" is not a whole number'],
  ["-smp -1", "not a whole number"],
  ["-smp two", "not a whole number"],
  ["-smp 4,cores=3", "the topology makes 3 CPUs"],
  ["-smp 2,nodes=1", 'has no property "nodes"'],
  ["-m -5", "not a memory size"],
  ["-m lots", "not a memory size"],
  ["-m 1X", "not a memory size"],
  ["-m 1G,slots=2", 'has no property "slots"'],
  ["-M ", "its value is empty"],
  ["-M pc", "use one of: virt, spike"],
  ["-M virt,aclint=on", 'has no property "aclint"'],
  ["-M virt,accel=kvm", "use one of: tcg"],
  ["-cpu pentium", "-cpu pentium"],
  ["-cpu rv64,zbb=maybe", "neither on nor off"],
  ["-accel kvm", "use one of: tcg"],
  ["-accel tcg,split-wx=on", 'has no property "split-wx"'],
  ["-accel tcg,tb-size=0", "a whole number of MiB"],
  ["-accel tcg,tb-size=64M", "a whole number of MiB"],
  ["-accel tcg,check=perhaps", "neither on nor off"],
  ["-accel tcg,bql=big", "neither on nor off"],
  ["-accel tcg,code-cache=", "its value is the folder"],
  ["-accel tcg,code-cache=on", "its value is the folder"],
  ["-profile", "its value is missing"],
  ["-profile ", "its value is empty"],
  ["-profil x", "did you mean -profile?"],
  ["-trace trace.json", "all events are traced"],
  ["-trace events=list", 'has no property "events"'],
  ["-trace file=", "its file has no name"],
  ["-watchdog 0", "more than 0"],
  ["-watchdog soon", "a number of seconds"],
  ["-symbols @elf@99999999999999999999", "the address behind @ is too large"],
  ["-serial tcp::0", '"0" is not a port'],
  ["-serial tcp:localhost", "not of the form HOST:PORT"],
  ["-serial tcp::4444,wait=off", "nobody to wait for"],
  ["-serial telnet::4444", "use one of: mon:stdio"],
  ["-serial unix:", "its socket has no path"],
  ["-serial chardev:", "it names no chardev"],
  ["-serial chardev:none", 'there is no chardev "none"'],
  ["-chardev pty,id=c", "cannot make a pseudo-terminal"],
  ["-chardev stdoi,id=c", "did you mean stdio?"],
  ["-chardev null", "it has no name"],
  ["-chardev null,id=c", "nothing is connected with it"],
  ["-chardev null,id=c,mux=on -serial chardev:c", "only standard input and output can be shared"],
  ["-chardev file,id=c -serial chardev:c", "it has no path"],
  ["-chardev socket,id=c -serial chardev:c", "does not say where the socket is"],
  ["-chardev socket,id=c,path=p,port=1 -serial chardev:c", "it says two addresses"],
  ["-device virtconsole", "it says not what it is connected with"],
  ["-chardev null,id=c -device virtconsole,chardev=c", "no virtio-serial device with room"],
  [
    "-chardev null,id=c -device virtio-serial-device -device virtconsole,chardev=c,bus=x.0",
    'no virtio-serial device with the bus "x.0"',
  ],
  [
    "-chardev stdio,id=c -device virtio-serial-device -device virtconsole,chardev=c " +
    "-serial mon:stdio",
    "have one user, or several that share them",
  ],
  [
    "-chardev stdio,id=c -device virtio-serial-device -device virtconsole,chardev=c " +
    "-serial chardev:c",
    "add mux=on to share it",
  ],
  ["-device virtio-serial-device,max_ports=x", "its value is a whole number"],
  ["-serial file:", "its file has no name"],
  ["-monitor tcp::4444", "use one of: none"],
  ["-display gtk", "use one of: none"],
  ["-d everything", 'there is no debug item "everything"'],
  ["-device e1000", 'there is no device "e1000"'],
  ["-device loader,addr=84g,cpu-num=0", "is not a number of 64 bits"],
  ["-hda disk.img", "write -drive file=FILE"],
  ["-drive disk.img", "write file=disk.img"],
  ["-drive format=raw", "it names no image"],
  ["-drive file=x,format=vmdk", "use format=raw or format=qcow2"],
  ["-drive file=x,werror=halt", "no way to handle an error"],
  ["-drive file=x,rerror=enospc", "use rerror=report"],
  ["-drive file=x,detect-zeroes=yes", "detect-zeroes=on"],
  ["-drive file=x,backing.driver=raw", "add backing.file.filename=FILE"],
  ["-drive file=x,backing.file.filename=y,backing.driver=vhd", "use one of: raw, qcow2"],
  ["-drive file=x,backing.file.name=y", "did you mean backing.file.filename?"],
  ["-drive file=x,cache=none", "past the host's page cache"],
  ["-drive file=x,if=ide", "no disks of the kind if=ide"],
  ["-drive file=x,discard=never", "discard=unmap"],
  ["-drive file=x,if=none,id=d,cache=directsync", "use cache=writeback"],
  ["-drive file=x,readonly=perhaps", "neither on nor off"],
  ["-drive file=x,if=none,id=d", "no device uses it"],
  ["-drive file=x,id=d -drive file=y,id=d", "another drive is called d"],
  ["-drive file=x,if=none,id=d -device virtio-blk-device,drive=e", 'there is no drive "e"'],
  [
    "-drive file=x,if=none,id=d -device virtio-blk-device,drive=d -device virtio-blk-device,drive=d",
    "drive d has a device already",
  ],
  ["-device virtio-rng-pci,bus=pcie.1", 'there is no bus "pcie.1"'],
  ["-device virtio-rng-pci,bus=virtio-mmio-bus.1", "write bus=pcie.0"],
  ["-device virtio-rng-pci,addr=0", "device 0 is the host bridge"],
  ["-device virtio-rng-pci,addr=20", "write addr=1 to addr=1f"],
  ["-device virtio-rng-pci,addr=-1", "is not the number of a device"],
  ["-device virtio-rng-pci,addr=3.1", "each device has one function"],
  ["-device virtio-rng-pci,disable-legacy=off", "write disable-legacy=on"],
  ["-device virtio-rng-pci-transitional", "leave -transitional out"],
  ["-device virtio-rng-pci,disable-modern=on", "no interface but that of version 1"],
  ["-device virtio-rng-pci,vectors=few", "not a number"],
  ["-M virt,aia=plic", "plic"],
  ["-M virt,aia=aplic-imsic,aia-guests=1", "no hypervisor extension"],
  ["-device virtio-rng-device,addr=3", 'no property "addr"'],
  ["-device virtio-rng,bus=virtio-mmio-bus.0", "is not for bus"],
  ["-nic user,model=virtio-net-pci-transitional", "there is no legacy interface"],
  [
    "-drive file=x,if=none,id=d -device virtio-blk-device,drive=d,iothread=t",
    "add -object iothread,id=t",
  ],
  ["-drive file=x,if=none,id=d -device virtio-blk-device,drive=d,bus=pcie.0", "is not for bus"],
  ["-object rng-egd,id=r", 'there is no object "rng-egd"'],
  ["-object rng-random,id=r,filename=seed", "the host system's and not those of"],
  ["-object rng-builtin", "it has no name"],
  ["-object rng-builtin,id=r -object rng-random,id=r", "another object is called r"],
  ["-device virtio-rng-device,rng=r", "add -object rng-random,id=r"],
  ["-global virtio-mmio.force-legacy=true", "force-legacy=false is always the case"],
  ["-netdev user,id=n", "add -device virtio-net-device,netdev=n"],
  ["-netdev tap,id=n", 'no networks of the kind "tap"'],
  ["-netdev user", "it has no name"],
  ["-netdev user,id=n,smb=/", 'no property "smb"'],
  ["-netdev user,id=n,ipv6-net=fec0::/64,ipv6-prefixlen=64", "says the prefix and its length"],
  ["-netdev user,id=n,ipv6-prefixlen=64", "add ipv6-prefix=PREFIX"],
  ["-netdev user,id=n,hostfwd=tcp:::1:22-:22", "not of the form [tcp|udp]"],
  ["-netdev user,id=n,ipv6=maybe", "ipv6=maybe"],
  ["-netdev user,id=n,hostfwd=tcp:22-:22", "not of the form [tcp|udp]"],
  ["-netdev user,id=n,guestfwd=tcp:10.0.2.9:1-cmd:ls", "no programs are started"],
  ["-netdev user,id=n -netdev user,id=n", "another network is called n"],
  ["-device virtio-net-device", "add netdev=NAME"],
  ["-device virtio-net-device,netdev=n", "add -netdev user,id=n"],
  [
    "-netdev user,id=n -device virtio-net-device,netdev=n -device virtio-net-device,netdev=n",
    "network n has a card already",
  ],
  ["-object filter-dump,id=f,netdev=n,file=x", 'there is no network "n"'],
  ["-object filter-dump,id=f,netdev=n", "it names no file"],
  ["-nic tap", 'no networks of the kind "tap"'],
  ["-nic user,model=e1000", 'there is no network card "e1000"'],
  ["-net user", "write -nic user"],
  ["-s", "there is no debugger stub"],
  ["-enable-kvm", "use -accel tcg"],
];

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, bytes] of Object.entries(await files())) {
      await Deno.writeFile(`${folder}/${name}`, bytes);
    }
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test(`${CONFIGURATION_CASES.length} machines that cannot be built end with 1`, async () => {
  await runAll(CONFIGURATION_CASES, refusedWith(CONFIGURATION));
});

Deno.test(`${USAGE_CASES.length} flags that are not understood end with 2`, async () => {
  await runAll(USAGE_CASES, refusedWith(USAGE));
});

Deno.test("an initial RAM disk that no kernel could read is passed on with a warning", async () => {
  await inFolder(async (folder) => {
    const { code, stdout, stderr } = await run(
      folder,
      `-bios none -kernel ${HELLO} -initrd @text`,
    );
    assertEquals([code, stdout], [0, "hello harts 1\n"]);
    assertMatch(stderr, /^weft: warning: initial RAM disk .*\n {2}cause: .*\n {2}fix: .*\n$/);
  });
});

Deno.test("of a repeated flag the last one counts", async () => {
  const { code, stdout } = await run("", `-bios none -smp 64 -smp 2 -kernel no -kernel ${HELLO}`);
  assertEquals([code, stdout], [0, "hello harts 2\n"]);
});

Deno.test("help for a reader that has gone is no error, for a full disk it is a named one", async () => {
  const shell = async (script: string): Promise<Finished> => {
    const { code, stdout, stderr } = await new Deno.Command("sh", {
      args: ["-c", script.replace("WEFT", `'${Deno.execPath()}' run --no-check mod.ts`)],
      cwd: ROOT,
    }).output();
    const text = new TextDecoder();
    return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
  };
  const gone = await shell("{ WEFT -help; echo $? >&2; } | true");
  assertEquals([gone.stdout, gone.stderr], ["", "0\n"]);
  const full = await shell("WEFT -help > /dev/full");
  assertEquals(full.code, CONFIGURATION);
  assert(full.stderr.startsWith("weft: standard output\n  cause: "), full.stderr);
});
