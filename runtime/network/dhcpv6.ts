/**
 * Answers of a server that knows names and gives out no addresses: RFC 8415, "Information-request Message", with RFC 3646,
 * "DNS Recursive Name Server option".
 */

import { type Address, addressBytes } from "./address.ts";

/** Ports of servers and clients. */
export const Dhcpv6Port = { SERVER: 547, CLIENT: 546 } as const;

const Message = { REPLY: 7, INFORMATION_REQUEST: 11 } as const;
const Option = { CLIENT: 1, SERVER: 2, NAME_SERVERS: 23 } as const;
/** Kind and number of a message. */
const HEADER_BYTES = 4;
const OPTION_HEADER_BYTES = 4;
/** An identifier made of a station's address: RFC 8415, "DUID Based on Link-Layer Address". */
const BY_STATION = [0, 3, 0, 1] as const;

/** The answer to a client's message; null where there is none to give. @param nameServer null: none is told */
export function answerDhcpv6(
  bytes: Uint8Array,
  mac: Readonly<Uint8Array>,
  nameServer: Address | null,
): Uint8Array<ArrayBuffer> | null {
  if (bytes[0] !== Message.INFORMATION_REQUEST) return null;
  const options = readOptions(bytes.subarray(HEADER_BYTES));
  if (options === null) return null;
  const own = Uint8Array.of(...BY_STATION, ...mac);
  const server = options.get(Option.SERVER);
  if (server !== undefined && server.join() !== own.join()) return null;
  const client = options.get(Option.CLIENT);
  return Uint8Array.of(
    Message.REPLY,
    ...bytes.subarray(1, HEADER_BYTES),
    ...(client === undefined ? [] : optionBytes(Option.CLIENT, client)),
    ...optionBytes(Option.SERVER, own),
    ...(nameServer === null ? [] : optionBytes(Option.NAME_SERVERS, addressBytes(nameServer))),
  );
}

function readOptions(bytes: Uint8Array): Map<number, Uint8Array> | null {
  const options = new Map<number, Uint8Array>();
  for (let at = 0; at < bytes.length;) {
    if (at + OPTION_HEADER_BYTES > bytes.length) return null;
    const kind = (bytes[at] << 8) | bytes[at + 1];
    const end = at + OPTION_HEADER_BYTES + ((bytes[at + 2] << 8) | bytes[at + 3]);
    if (end > bytes.length) return null;
    options.set(kind, bytes.subarray(at + OPTION_HEADER_BYTES, end));
    at = end;
  }
  return options;
}

function optionBytes(kind: number, value: Uint8Array): number[] {
  return [kind >>> 8, kind & 0xff, value.length >>> 8, value.length & 0xff, ...value];
}
