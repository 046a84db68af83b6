/**
 * Network cards as a caller describes them, and the checks that need nothing of the host.
 *
 * The interface of networks is the seam: the user-mode network is one implementation, which runs in a worker; any other
 * is an object of the caller's, called on the caller's thread.
 */

import type { PlugOptions } from "./slot_assignment.ts";

/** A port of the host's that is one of the guest's, as `hostfwd=`. */
export interface HostForwardOptions {
  /** What it carries. Default: `tcp`. */
  readonly protocol?: "tcp" | "udp";
  /** The host's address of either version to listen at. Default: `0.0.0.0`, all that it has of version 4, as QEMU. */
  readonly hostAddress?: string;
  /** The host's port. */
  readonly hostPort: number;
  /**
   * The guest's address, of either version. Default: the first one that is given out; where there is no version 4, the one
   * that a guest makes of its card's address.
   */
  readonly guestAddress?: string;
  /** The guest's port. */
  readonly guestPort: number;
}

/** An address in the guest's network that stands for one of the host's, as `guestfwd=`; TCP only. */
export interface GuestForwardOptions {
  /** The address that the guest sees. */
  readonly guestAddress: string;
  /** Its port. */
  readonly guestPort: number;
  /** What it stands for. */
  readonly hostAddress: string;
  /** The port there. */
  readonly hostPort: number;
}

/**
 * A network in the process, as `-netdev user`: the guest gets an address by DHCP, and one of version 6 by what the router
 * tells of its network; connections and datagrams go out through the host (needs `--allow-net`). The host's loopback, private and link-local addresses are reached only where
 * {@linkcode UserNetworkOptions.allow} says so.
 */
export interface UserNetworkOptions {
  /** As `ipv4=`: is there version 4 of the Internet Protocol? Default: true, unless `ipv6` alone is true, as QEMU. */
  readonly ipv4?: boolean;
  /** As `ipv6=`: is there version 6? Default: true, unless `ipv4` alone is true, as QEMU. */
  readonly ipv6?: boolean;
  /** As `net=`: the addresses of the network. Default: `10.0.2.0/24`. */
  readonly net?: string;
  /** As `host=`: the gateway, which stands for the host. Default: the second one of the network. */
  readonly host?: string;
  /** As `dns=`: the name server. Default: the third one. */
  readonly dns?: string;
  /** As `dhcpstart=`: the first address that is given out. Default: the fifteenth one. */
  readonly dhcpstart?: string;
  /** As `ipv6-net=`: the addresses of version 6; guests name themselves in networks of 64 bits. Default: `fec0::/64`. */
  readonly ipv6Net?: string;
  /** As `ipv6-host=`: the gateway there. Default: the second one of the network, `fec0::2`. */
  readonly ipv6Host?: string;
  /** As `ipv6-dns=`: the name server there. Default: the third one, `fec0::3`. */
  readonly ipv6Dns?: string;
  /** As `hostname=`: the name that the guest is told. Default: none. */
  readonly hostname?: string;
  /** As `restrict=`: the guest goes nowhere; forwarded ports work. Default: false. */
  readonly restrict?: boolean;
  /**
   * As `allow=`: where the guest may go although it is not public: `loopback`, `private`, or an address or range such as
   * `192.168.1.0/24` or `fd00::/8`, with a port if wanted: `127.0.0.1:8080`, `[::1]:8080`. Default: nowhere.
   */
  readonly allow?: readonly string[];
  /** As `nameserver=`: an address, with a port if wanted, that questions for names go to. Default: the host's own. */
  readonly nameServer?: string;
  /** As `hostfwd=`. Default: none. */
  readonly hostForwards?: readonly HostForwardOptions[];
  /** As `guestfwd=`. Default: none. */
  readonly guestForwards?: readonly GuestForwardOptions[];
}

/**
 * A network made by a program that uses the library: frames in and out. Each method is called on the thread that created
 * the machine.
 *
 * @example A network that hears everything and says nothing
 * ```ts
 * import type { NetBackend } from "@weft/emulator";
 *
 * class Listener implements NetBackend {
 *   frames = 0;
 *   connect(): void {}
 *   send(_frame: Uint8Array): void {
 *     this.frames++;
 *   }
 * }
 * console.log(new Listener().frames);
 * ```
 */
export interface NetBackend {
  /**
   * Hears, at each power-on, how to give the guest frames.
   * @param deliver gives the guest a copy of an Ethernet frame of at most 1514 bytes, without checksum; false: it is lost
   */
  connect(deliver: (frame: Uint8Array) => boolean): void;
  /**
   * Takes an Ethernet frame that the guest has sent. It may take its time: of too many that wait the newest are lost.
   */
  send(frame: Uint8Array): void | Promise<void>;
}

/** A network card of a machine, as `-netdev` and `-device virtio-net-device`. */
export interface NetworkOptions extends PlugOptions {
  /** What it is connected to: a network of the caller's, or how the user-mode network is. Default: that, as it is. */
  readonly network?: UserNetworkOptions | NetBackend;
  /** As `mac=`. Default: `52:54:00:12:34:56` and those behind it, as QEMU. */
  readonly mac?: string;
  /** As `-object filter-dump,file=`: a file that gets all frames (needs `--allow-write`). Default: none. */
  readonly capture?: string;
  /** As `maxlen=`: bytes of each frame that are kept. Default: 65536. */
  readonly captureBytes?: number;
}
