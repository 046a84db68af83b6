/** The virtual machine generation ID as a caller gives it. */

import { GENERATION_ID_BYTES } from "../devices/generation_id.ts";
import { ConfigurationError } from "./configuration_error.ts";

/** Any new ID. */
export const NEW_GENERATION = "auto";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** Fields of a UUID that are numbers, the lowest byte first in memory. */
const NUMBER_FIELDS: readonly (readonly [start: number, end: number])[] = [[0, 4], [4, 6], [6, 8]];

/** What decides whether a machine may have an ID. */
interface GenerationContext {
  /** Its board. */
  readonly machine: string;
  /** Is its time counted? */
  readonly isCounted: boolean;
}

/** The UUID of a machine, or null for none. Throws ConfigurationError. */
export function describeGenerationId(
  asked: string | null | undefined,
  { machine, isCounted }: GenerationContext,
): string | null {
  if (asked === null || asked === undefined) return null;
  if (machine !== "virt") {
    throw new ConfigurationError({
      what: "a generation ID",
      cause: `board ${machine} has no place for it`,
      fix: "use -M virt",
    });
  }
  if (asked === NEW_GENERATION && isCounted) {
    throw new ConfigurationError({
      what: "a new generation ID with -icount",
      cause: "it differs each time, so a run whose time is counted would not repeat",
      fix: `name one, such as ${crypto.randomUUID()}`,
    });
  }
  return generationUuid(asked);
}

/** The UUID that a text stands for, in small letters. Throws ConfigurationError. */
export function generationUuid(text: string): string {
  if (text === NEW_GENERATION) return crypto.randomUUID();
  if (UUID.test(text) && /[1-9a-f]/i.test(text)) return text.toLowerCase();
  throw new ConfigurationError({
    what: `generation ID "${text}"`,
    cause: "it is not a UUID, or has no digit but 0",
    fix: `write one such as ${crypto.randomUUID()}, or ${NEW_GENERATION} for a new one`,
  });
}

/** A UUID as it lies in memory: QEMU and Windows have its three numbers little-endian. */
export function generationBytes(uuid: string): Uint8Array {
  const bytes = new Uint8Array(GENERATION_ID_BYTES);
  bytes.set(Uint8Array.fromHex(uuid.replaceAll("-", "")));
  for (const [start, end] of NUMBER_FIELDS) bytes.subarray(start, end).reverse();
  return bytes;
}
