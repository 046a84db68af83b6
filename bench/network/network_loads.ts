// The loads on a network, and a boot with them.

import { NETWORK_LOADS } from "../../tests/guests/build.ts";
import { modulesInitrd, modulesOrSkip } from "../../tests/system/disk_guest.ts";
import { guestFolder } from "../../tests/tools/guest.ts";
import { withArchiveBehind } from "../../tests/tools/guest/appended_archive.ts";
import { LOAD_MODULES } from "../../tests/tools/guest/kernel_modules.ts";
import { NETWORK_MODULES } from "../../tests/tools/guest_modules.ts";
import { ensurePrograms, NETWORK_PROGRAMS } from "../../tests/tools/guest_programs.ts";
import type { Engine } from "../engines.ts";
import { type BootResult, type LoadResult, loadScript, runScript } from "../guest_loads.ts";
import { guestReports, REPORT_FUNCTION } from "../guest_reports.ts";
import { CONNECTIONS, iperfCommands, iperfLoadCount, iperfResult } from "./iperf_loads.ts";
import { IperfServer } from "./iperf_server.ts";
import { EchoPeer } from "./peer.ts";

const HARTS = 2;
/** The host, as the guest sees it. */
const HOST = "10.0.2.2";

/** A byte that goes there and comes back, one after the other. */
export const ROUND_TRIP = "round-trip";

/** Boots with a network, runs the loads, powers off. */
export async function runNetworkLoads(engine: Engine, seconds: number): Promise<BootResult> {
  using peer = EchoPeer.listen();
  await using server = await IperfServer.start(console.error);
  const trips = await loadScript(
    NETWORK_LOADS,
    CONNECTIONS.map((workers) => ({ name: ROUND_TRIP, workers, seconds })),
  );
  const script = [
    LOAD_MODULES,
    "ip addr add 10.0.2.15/24 dev eth0",
    "ip link set eth0 up",
    `echo ${peer.port} > /tmp/port`,
    REPORT_FUNCTION,
    iperfCommands(HOST, server.port, seconds),
    trips.script,
  ];
  return await runScript(engine, {
    harts: HARTS,
    script: script.join("\n"),
    files: trips.files,
    seconds: trips.seconds + iperfLoadCount() * seconds,
    initrd: await initialRamDisk(),
    hasNetwork: true,
    read: readResults,
  });
}

async function initialRamDisk(): Promise<Uint8Array<ArrayBuffer>> {
  const modules = await modulesOrSkip(NETWORK_MODULES);
  if (modules === null) throw new Error("without the kernel's modules there is no network");
  const programs = await ensurePrograms(guestFolder(), console.error, NETWORK_PROGRAMS);
  return withArchiveBehind(await modulesInitrd(modules), await Deno.readFile(programs));
}

async function readResults(console: string): Promise<LoadResult[]> {
  return (await guestReports(console)).map(({ name, text }) => iperfResult(name, text));
}
