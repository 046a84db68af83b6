/** The flattened device tree: Devicetree Specification, "Flattened Devicetree (DTB) Format". */

/** First word of every blob. */
export const FDT_MAGIC = 0xd00dfeed;
/** Version of the format that is written. */
export const FDT_VERSION = 17;
/** Oldest version whose readers can read it, and oldest that is read here. */
export const FDT_COMPATIBLE_VERSION = 16;

/** Byte offsets of the header's big-endian words. */
export const FdtHeader = {
  MAGIC: 0,
  TOTAL_BYTES: 4,
  STRUCTURE_OFFSET: 8,
  STRINGS_OFFSET: 12,
  RESERVATIONS_OFFSET: 16,
  VERSION: 20,
  COMPATIBLE_VERSION: 24,
  BOOT_CPU: 28,
  STRINGS_BYTES: 32,
  STRUCTURE_BYTES: 36,
  BYTES: 40,
} as const;

/** Tokens of the structure block. */
export const FdtToken = {
  BEGIN_NODE: 1,
  END_NODE: 2,
  PROPERTY: 3,
  NOP: 4,
  END: 9,
} as const;

/** Size and alignment of a token. */
export const TOKEN_BYTES = 4;
/** Size of one memory reservation: address and size, 64 bits each. */
export const RESERVATION_BYTES = 16;
