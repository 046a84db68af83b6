/**
 * Ways in which a guest may try to reach what only its host can reach: addresses of the host itself, of machines in its
 * private networks, of services that clouds keep on link-local ones, and of nobody.
 *
 * Each address is tried at a port where the host does listen, by TCP and by UDP, and at one that is often of interest.
 */

/** Where services of interest listen: SSH, web servers, containers, data bases. */
const PORTS = [22, 80, 2375, 5432];

/** Ends and middles of ranges that are not the world's, and addresses in them that are known to be worth a try. */
const ADDRESSES = [
  // the host, through the gateway, and others in the guest's own network
  ...["10.0.2.0", "10.0.2.2", "10.0.2.3", "10.0.2.4", "10.0.2.254"],
  // private networks: RFC 1918, "Private Address Space"
  ...["10.0.0.0", "10.0.0.1", "10.0.1.255", "10.0.3.0", "10.1.1.1", "10.96.0.1", "10.255.255.255"],
  ...["172.16.0.0", "172.17.0.1", "172.18.0.1", "172.20.10.1", "172.31.255.255"],
  ...["192.168.0.1", "192.168.1.1", "192.168.65.2", "192.168.122.1", "192.168.255.255"],
  // providers' networks: RFC 6598
  ...["100.64.0.0", "100.100.100.200", "100.127.255.255"],
  // link-local addresses: RFC 3927, and what clouds answer there
  ...["169.254.0.0", "169.254.1.1", "169.254.42.42", "169.254.169.123", "169.254.169.253"],
  ...["169.254.169.254", "169.254.170.2", "169.254.170.23", "169.254.255.255"],
  // special purposes: RFC 6890, "Special-Purpose Address Registries"
  ...["192.0.0.0", "192.0.0.8", "192.0.0.192", "198.18.0.1", "198.19.255.255"],
  // nobody, and many
  ...["0.0.0.1", "0.255.255.255", "240.0.0.1", "250.1.2.3", "255.255.255.254"],
] as const;

/** Those of version 6, which a guest's kernel gives to its router. */
const ADDRESSES_6 = [
  // the host, through the gateway; private and site-local networks: RFC 4193, RFC 3879
  ...["fec0::2", "fc00::1", "fd00::2", "fdff::1", "fec0:0:0:1::1", "feff::1"],
  // addresses of version 4 in those of version 6: by translators, by tunnels, and as they were once written
  ...[
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a00:1",
    "2002:7f00:1::1",
    "2002:a00:1::1",
  ],
  ...["2001:0:7f00:1::1", "::7f00:2"],
  // documentation, and what is not given out
  ...["2001:db8::1", "3fff::1", "100::1", "5f00::1", "4000::1"],
] as const;

/** Addresses that stand for the host or are its own, by ways that a guest's kernel does not go by itself. */
const LOOPBACK_ADDRESSES = ["127.0.0.1", "127.0.0.2", "127.0.1.1", "127.0.0.53", "127.255.255.254"];

/** Shell commands that tell the guest's kernel that the loopback network is beyond the gateway. */
export const LOOPBACK_BY_GATEWAY = [
  "echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet",
  "echo 1 > /proc/sys/net/ipv4/conf/eth0/route_localnet",
  "ip addr del 127.0.0.1/8 dev lo",
  "ip route flush table local type local dev lo",
  "ip route add 127.0.0.0/8 via 10.0.2.2 src 10.0.2.15",
].join("; ");

/** A way out that must not be one. */
export interface Escape {
  /** What is tried. */
  readonly name: string;
  /** A shell command that succeeds when something answered. */
  readonly command: string;
}

/** All recipes for the guest's kernel as it is. @param canary a port of the host's loopback, by TCP and by UDP */
export function plainEscapes(canary: number): Escape[] {
  return ADDRESSES.flatMap((address) => attempts(address, canary));
}

/** Those for which the guest's kernel must send packets for 127.0.0.0/8 out to its network. */
export function loopbackEscapes(canary: number): Escape[] {
  return LOOPBACK_ADDRESSES.flatMap((address) => attempts(address, canary));
}

/** Shell commands that try them all at once and name those that succeed. */
export function tryAll(escapes: readonly Escape[]): string {
  const lines = escapes.map(({ name, command }) =>
    `(${command} > /dev/null 2>&1 && echo "ESCAPED ${name}") &`
  );
  return [...lines, "wait"].join("\n");
}

/** Recipes of version 6, for a guest's kernel as it is. @param canary a port of the host's loopback of that version */
export function escapes6(canary: number): Escape[] {
  return ADDRESSES_6.flatMap((address) => attempts(address, canary));
}

function attempts(address: string, canary: number): Escape[] {
  const sum = Array.from(address).reduce((total, digit) => total + digit.charCodeAt(0), 0);
  const wellKnown = PORTS[sum % PORTS.length];
  return [
    { name: `TCP ${address} ${canary}`, command: `nc -w 5 ${address} ${canary} < /dev/null` },
    { name: `TCP ${address} ${wellKnown}`, command: `nc -w 5 ${address} ${wellKnown} < /dev/null` },
    {
      name: `UDP ${address} ${canary}`,
      command: `timeout 5 tftp -g -l /dev/null -r any ${address} ${canary}`,
    },
  ];
}
