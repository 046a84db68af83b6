// The loads on a network, and a boot with them.

import { NETWORK_LOADS } from "../../tests/guests/build.ts";
import { modulesInitrd, modulesOrSkip } from "../../tests/system/disk_guest.ts";
import { LOAD_MODULES } from "../../tests/tools/guest/kernel_modules.ts";
import { NETWORK_MODULES } from "../../tests/tools/guest_modules.ts";
import type { Engine } from "../engines.ts";
import { type BootResult, runLoads } from "../guest_loads.ts";
import { NetworkPeer } from "./peer.ts";

const HARTS = 2;

/** Kinds of loads. */
export const KINDS = ["send-64k", "receive-64k", "round-trip"] as const;
/** How many connections are used at a time. */
export const CONNECTIONS = [1, 4] as const;

/** Boots with a network, runs the loads, powers off. */
export async function runNetworkLoads(engine: Engine, seconds: number): Promise<BootResult> {
  const modules = await modulesOrSkip(NETWORK_MODULES);
  if (modules === null) throw new Error("without the kernel's modules there is no network");
  using peer = NetworkPeer.listen();
  const before = [
    LOAD_MODULES,
    "ip addr add 10.0.2.15/24 dev eth0",
    "ip link set eth0 up",
    `echo ${peer.port} > /tmp/port`,
  ];
  return await runLoads(engine, {
    harts: HARTS,
    program: NETWORK_LOADS,
    loads: KINDS.flatMap((name) => CONNECTIONS.map((workers) => ({ name, workers, seconds }))),
    before: before.join("\n") + "\n",
    initrd: await modulesInitrd(modules),
    hasNetwork: true,
  });
}
