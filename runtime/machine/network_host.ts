/**
 * What a network needs of the host, looked up before anything of the machine is started: permissions, the name servers,
 * ports that are free, the file for frames. The worker opens ports and file again, with the same permissions.
 */

import { ADDRESS_BITS } from "../network/address.ts";
import { parseAddress } from "../network/address_text.ts";
import { captureHeader } from "../network/capture.ts";
import { DenoNetwork, endpointText, hostText, mayUse } from "../network/deno_network.ts";
import { NAME_PORT } from "../network/egress_policy.ts";
import type { Endpoint } from "../network/host_network.ts";
import type { HostForward, UserNetworkSettings } from "../network/user_network.ts";
import { ConfigurationError } from "./configuration_error.ts";
import { requirePermission } from "./file_permission.ts";
import { fileError } from "./file_source.ts";
import type { CaptureFile, UserNetworkDescription } from "./network_description.ts";

/** Where a host's name servers are written. */
const RESOLVER_FILE = "/etc/resolv.conf";

/** The settings of a network on this host. Throws ConfigurationError. */
export async function openUserNetwork(
  { nameServer, ...settings }: UserNetworkDescription,
): Promise<UserNetworkSettings> {
  for (const forward of settings.hostForwards) await checkPort(forward);
  for (const { host } of settings.guestForwards) {
    if (!mayUse(host)) throw notPermitted(`guestfwd= to ${endpointText(host)}`, host);
  }
  if (settings.isRestricted) return { ...settings, nameServers: [] };
  await requireWayOut({ nameServer, ...settings });
  const nameServers = nameServer === null ? await hostNameServers() : [nameServer];
  return { ...settings, nameServers };
}

async function checkPort({ protocol, host }: HostForward): Promise<void> {
  const what = `hostfwd=${protocol}:${endpointText(host)}`;
  if (!mayUse(host)) throw notPermitted(what, host);
  const network = new DenoNetwork();
  try {
    const port = protocol === "tcp"
      ? network.listen(host, (stream) => stream.close())
      : await network.openDatagrams(host, { received: () => {}, failed: () => {} });
    port.close();
  } catch (error) {
    const isTaken = error instanceof Deno.errors.AddrInUse || /EADDRINUSE/.test(messageOf(error));
    throw new ConfigurationError({
      what,
      cause: isTaken ? "another program listens there" : `the host refuses it: ${messageOf(error)}`,
      fix: "use another port or address of the host's",
    });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * A guest that may go anywhere needs the host's permission for that. Who gives permission for some addresses alone says
 * by `allow=` which: a guest whose every connection fails would be a riddle.
 */
async function requireWayOut({ allowed, nameServer }: UserNetworkDescription): Promise<void> {
  if ((await Deno.permissions.query({ name: "net" })).state === "granted") return;
  for (const { range: { base, bits }, port } of allowed) {
    if (bits !== ADDRESS_BITS[base.version]) continue;
    const host = port === null ? hostText(base) : endpointText({ address: base, port });
    if ((await Deno.permissions.query({ name: "net", host })).state === "granted") return;
  }
  if (nameServer !== null && mayUse(nameServer)) return;
  throw new ConfigurationError({
    what: "a network card with a way out",
    cause: "Deno was started without permission to use the network",
    fix: "run deno with --allow-net, or use restrict=on; where --allow-net names addresses, name " +
      "them by allow= too",
  });
}

function notPermitted(what: string, endpoint: Endpoint): ConfigurationError {
  return new ConfigurationError({
    what,
    cause: "Deno was started without permission to use this address",
    fix: `run deno with --allow-net, or --allow-net=${endpointText(endpoint)}`,
  });
}

/** The host's name servers; none where a host has no such file. Throws ConfigurationError. */
async function hostNameServers(): Promise<Endpoint[]> {
  const { state } = await Deno.permissions.query({ name: "read", path: RESOLVER_FILE });
  if (state !== "granted") {
    throw new ConfigurationError({
      what: "a network card with the host's name server",
      cause: `Deno was started without permission to read ${RESOLVER_FILE}, which names it`,
      fix: `run deno with --allow-read=${RESOLVER_FILE}, or add nameserver=ADDRESS`,
    });
  }
  try {
    return parseNameServers(await Deno.readTextFile(RESOLVER_FILE));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw fileError("the host's name servers", error, `check ${RESOLVER_FILE}`);
  }
}

/** The name servers of a resolver's file that have an address, and none that is good on one link alone. */
export function parseNameServers(text: string): Endpoint[] {
  return [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].flatMap(([, name]) => {
    const address = parseAddress(name);
    return address === undefined ? [] : { address, port: NAME_PORT };
  });
}

/** Begins a file of frames. Throws ConfigurationError. */
export async function beginCapture({ path, maxBytes }: CaptureFile): Promise<void> {
  const what = `a capture of frames in "${path}"`;
  await requirePermission("write", path, what);
  try {
    await Deno.writeFile(path, captureHeader(maxBytes));
  } catch (error) {
    throw fileError(what, error, "check the path");
  }
}
