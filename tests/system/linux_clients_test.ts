// Debian's own clients in Debian's Linux: curl, ssh, scp and iperf3 over the network, fio on disks. One boot for all of
// them. ssh and iperf3 meet their servers by way of the host: out to its loopback, and in by a forwarded port. The host's
// own ssh, if it has one, comes in as well.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { Machine } from "../../mod.ts";
import { guestFiles } from "../tools/guest.ts";
import { withAppendedArchive, withArchiveBehind } from "../tools/guest/appended_archive.ts";
import type { CpioEntry } from "../tools/guest/cpio_archive.ts";
import { DISK_MODULES, NETWORK_MODULES } from "../tools/guest_modules.ts";
import { DISK_PROGRAMS, NETWORK_PROGRAMS } from "../tools/guest_programs.ts";
import { DISK_APPEND, diskInitrd, modulesOrSkip, programsOrSkip } from "./disk_guest.ts";
import { CERTIFICATE, KEY } from "./loopback_certificate.ts";
import { freePort, GET_ADDRESS } from "./network_guest.ts";

/** A guest that still runs after this long hangs. */
const HANG_AFTER_MS = 300_000;
const FILE_BYTES = 2 ** 20;
const RANDOM_BYTES = 0x1_0000;
const DISK_BYTES = 16 * 2 ** 20;
const IPERF_PORT = 5201;
const SSH_PORT = 22;
const CERTIFICATE_PATH = "loopback.pem";
const HOST_KEY_PATH = "host-key.pub";
/** Said when the guest can be reached by ssh. */
const SSH_READY = "SSH-READY";
const ROOT = join(import.meta.dirname ?? ".", "../..");

// In this order: the modules of the second archive are the ones that are loaded by their list.
const archives = [
  await modulesOrSkip(DISK_MODULES),
  await modulesOrSkip(NETWORK_MODULES),
  await programsOrSkip(NETWORK_PROGRAMS),
  await programsOrSkip(DISK_PROGRAMS),
];
const ignore = archives.includes(null);

function randomFile(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(FILE_BYTES);
  for (let at = 0; at < FILE_BYTES; at += RANDOM_BYTES) {
    crypto.getRandomValues(bytes.subarray(at, at + RANDOM_BYTES));
  }
  return bytes;
}

function sumOf(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("hex");
}

/** Gives a file out and takes one, with and without TLS. */
class WebServers implements AsyncDisposable {
  readonly uploads: string[] = [];
  readonly #servers: Deno.HttpServer<Deno.NetAddr>[];

  constructor(file: Uint8Array<ArrayBuffer>) {
    const handler = async (request: Request): Promise<Response> => {
      if (request.method === "GET") return new Response(file);
      this.uploads.push(sumOf(new Uint8Array(await request.arrayBuffer())));
      return new Response("thanks\n", { status: 201 });
    };
    const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
    this.#servers = [
      Deno.serve(options, handler),
      Deno.serve({ ...options, cert: CERTIFICATE, key: KEY }, handler),
    ];
  }

  get ports(): number[] {
    return this.#servers.map(({ addr }) => addr.port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) await server.shutdown();
  }
}

/** Fails with the commands' own messages. */
function step(name: string, commands: string): string {
  return `{ ${commands}; } > /tmp/${name}.log 2>&1 || ` +
    `{ cat /tmp/${name}.log; echo "FAILED ${name}"; exit 1; }`;
}

/** One process: what costs time is to start it. */
function curlSteps([plain, secure]: readonly number[]): string[] {
  const http = `http://10.0.2.2:${plain}/file`;
  const requests = [
    `${http} -o /tmp/file`,
    `-T /tmp/file ${http}`,
    `--cacert /${CERTIFICATE_PATH} https://10.0.2.2:${secure}/file -o /tmp/secret`,
  ];
  return [
    step("curl", `curl -sSf ${requests.join(" --next -sSf ")} && cmp /tmp/file /tmp/secret`),
    "md5sum < /tmp/file",
  ];
}

const SSH_OPTIONS =
  "-o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null " +
  "-o KexAlgorithms=curve25519-sha256";

/** The guest's ssh comes by the host, and the host's own meanwhile. */
function sshSteps(port: number): string[] {
  const key = `-i /tmp/key ${SSH_OPTIONS}`;
  return [
    step(
      "sshd",
      "mkdir -p -m 700 /root/.ssh /etc/dropbear && ssh-keygen -q -t ed25519 -N '' -f /tmp/key && " +
        `cat /tmp/key.pub /${HOST_KEY_PATH} > /root/.ssh/authorized_keys && ` +
        "mkfifo /tmp/host && dropbear -R -P /tmp/dropbear.pid",
    ),
    `echo ${SSH_READY}`,
    step(
      "scp",
      `scp ${key} -P ${port} /tmp/file root@10.0.2.2:/tmp/copy && cmp /tmp/file /tmp/copy`,
    ),
  ];
}

function iperfSteps(port: number): string[] {
  const client = `iperf3 -c 10.0.2.2 -p ${port}`;
  return [
    step("iperf-server", `iperf3 -s -D -p ${IPERF_PORT}`),
    step("iperf-send", `${client} -n 4M`),
    step("iperf-receive", `${client} -R -P 4 -n 4M`),
    step("iperf-datagrams", `${client} -u -b 40M -n 1M`),
    "cat /tmp/iperf-*.log",
  ];
}

const VERIFY = [
  "fio --eta=never --ioengine=libaio --iodepth=8 --direct=1 --bs=4k --size=2m --rw=randwrite",
  "--verify=crc32c --verify_fatal=1",
  "--name=vda --filename=/dev/vda --name=vdb --filename=/dev/vdb",
].join(" ");

/** The host's end of ssh, with a key of its own; a machine without ssh has an empty key and connects nowhere. */
class HostSsh {
  readonly publicKey: string;
  readonly #key: string;

  private constructor(key: string, publicKey: string) {
    this.#key = key;
    this.publicKey = publicKey;
  }

  static async create(folder: string): Promise<HostSsh> {
    const key = join(folder, "key");
    try {
      await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      console.log("this machine has no ssh: the guest's own one is tried alone");
      return new HostSsh("", "");
    }
    return new HostSsh(key, await Deno.readTextFile(`${key}.pub`));
  }

  /** What the guest does to wait for the host. */
  get step(): string {
    return this.#key === "" ? "true" : step("host-ssh", "grep -q sesame /tmp/host");
  }

  async connect(port: number): Promise<void> {
    if (this.#key === "") return;
    const flags = ["-i", this.#key, "-p", String(port), ...SSH_OPTIONS.split(" ")];
    assertEquals(
      await run("ssh", [...flags, "root@127.0.0.1", "echo sesame > /tmp/host; uname -m"]),
      "riscv64\n",
    );
  }
}

async function run(program: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(program, { args: [...args], cwd: ROOT })
    .output();
  const [text, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assertEquals(code, 0, errors);
  return text;
}

async function initialRamDisk(commands: readonly string[], hostKey: string): Promise<Uint8Array> {
  const [first, ...others] = archives.map((archive) => archive ?? new Uint8Array(0));
  const all = others.reduce((before, archive) => withArchiveBehind(before, archive), first);
  const text = new TextEncoder();
  const file = (path: string, content: string): CpioEntry => ({
    ...{ kind: "file", path, mode: 0o644, content: text.encode(content) },
  });
  return withAppendedArchive(await diskInitrd(all, commands.join("\n")), [
    file(CERTIFICATE_PATH, CERTIFICATE),
    file(HOST_KEY_PATH, hostKey),
  ]);
}

/** All that the guest prints; calls when it is ready for ssh. */
async function readConsole(machine: Machine, whenReady: () => void): Promise<string> {
  let text = "";
  for await (const part of machine.console.readable.pipeThrough(new TextDecoderStream())) {
    const wasReady = text.includes(SSH_READY);
    text += part;
    if (!wasReady && text.includes(SSH_READY)) whenReady();
  }
  return text;
}

async function makeImages(folder: string): Promise<string[]> {
  const images = [join(folder, "disk.raw"), join(folder, "disk.qcow2")];
  await Deno.writeFile(images[0], new Uint8Array(DISK_BYTES));
  await imageCommand("create", "-q", "-f", "qcow2", images[1], String(DISK_BYTES));
  return images;
}

async function imageCommand(...args: readonly string[]): Promise<void> {
  await run(Deno.execPath(), ["run", "--allow-all", "mod.ts", "img", ...args]);
}

/** On a host that has no time some are lost, and said to be. */
function assertDatagrams(text: string): void {
  const [, lost, all] = /(\d+)\/(\d+) \([^)]*%\) +receiver/.exec(text) ?? [];
  assert(Number(lost) < Number(all), `datagrams: ${lost} of ${all} were lost\n${text}`);
}

Deno.test({
  name:
    "Debian's curl, ssh, scp and iperf3 get on with the network, and fio with raw and qcow2 disks",
  ignore,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const file = randomFile();
      await using web = new WebServers(file);
      const [raw, qcow2] = await makeImages(folder);
      const ssh = await HostSsh.create(folder);
      const [sshPort, iperfPort] = [freePort(), freePort()];
      const forward = { hostAddress: "127.0.0.1" };
      const commands = [
        ...["insmod /modules/virtio_blk.ko", `(${step("fio", VERIFY)}) & fio=$!`],
        ...[step("address", GET_ADDRESS), ...curlSteps(web.ports)],
        ...[...sshSteps(sshPort), ...iperfSteps(iperfPort), ssh.step],
        "wait $fio && cat /tmp/fio.log",
      ];
      await using machine = await Machine.create({
        harts: 2,
        memory: "512M",
        kernel: guestFiles().kernel,
        initrd: await initialRamDisk(commands, ssh.publicKey),
        append: DISK_APPEND,
        drives: [
          { source: raw, format: "raw", iothread: "raw" },
          { source: qcow2, format: "qcow2", iothread: "qcow2" },
        ],
        networks: [{
          network: {
            allow: [...web.ports, sshPort, iperfPort].map((port) => `127.0.0.1:${port}`),
            hostForwards: [
              { ...forward, hostPort: sshPort, guestPort: SSH_PORT },
              { ...forward, hostPort: iperfPort, guestPort: IPERF_PORT },
              { ...forward, hostPort: iperfPort, guestPort: IPERF_PORT, protocol: "udp" },
            ],
          },
        }],
        entropy: [{}],
        noReboot: true,
        signal: AbortSignal.timeout(HANG_AFTER_MS),
      });
      const { promise: isReady, resolve } = Promise.withResolvers<void>();
      const output = readConsole(machine, resolve);
      await machine.start();
      const connected = Promise.race([machine.exited, isReady.then(() => ssh.connect(sshPort))]);
      const { reason, message } = await machine.exited;
      const text = await output;
      assertEquals([reason, message], ["power-off", undefined], text);
      assertMatch(text, /RUN-EXIT 0\r\n/, text);
      assertMatch(text, new RegExp(sumOf(file)));
      assertEquals(web.uploads, [sumOf(file)]);
      assertMatch(text, /\[SUM\].*receiver/, "four connections");
      assertDatagrams(text);
      assertEquals(text.match(/^vd[ab]: .*err= 0/gm)?.length, 2, text);
      for (const { bytesWritten, bytesRead } of machine.stats().drives) {
        assert(bytesWritten >= 2 * 2 ** 20 && bytesRead >= 2 * 2 ** 20);
      }
      await connected;
      await imageCommand("check", "-q", qcow2);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
