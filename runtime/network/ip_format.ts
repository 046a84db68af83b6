/** How packets of the two versions are written: what differs is a row of a table. */

import type { IpVersion } from "./address.ts";
import { EtherType } from "./ethernet.ts";
import type { NewPacket } from "./ip_packet.ts";
import { IPV4_HEADER_BYTES, writeIpv4 } from "./ipv4.ts";
import { FRAGMENT_HEADER_BYTES, IPV6_HEADER_BYTES, writeIpv6 } from "./ipv6.ts";

/** How packets of a version are written. */
export interface IpFormat {
  /** What a frame says that carries one. */
  readonly etherType: number;
  /** Bytes of the header of a packet that is no fragment. */
  readonly headerBytes: number;
  /** Bytes of that of a fragment. */
  readonly fragmentHeaderBytes: number;
  /** Writes a packet to the start of `into`, which has room for it. */
  readonly write: (into: Uint8Array, packet: NewPacket) => void;
}

/** How packets are written. */
export const IP_FORMATS: Readonly<Record<IpVersion, IpFormat>> = {
  4: {
    etherType: EtherType.IPV4,
    headerBytes: IPV4_HEADER_BYTES,
    fragmentHeaderBytes: IPV4_HEADER_BYTES,
    write: writeIpv4,
  },
  6: {
    etherType: EtherType.IPV6,
    headerBytes: IPV6_HEADER_BYTES,
    fragmentHeaderBytes: IPV6_HEADER_BYTES + FRAGMENT_HEADER_BYTES,
    write: writeIpv6,
  },
};
