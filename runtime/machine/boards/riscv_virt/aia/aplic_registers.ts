/** Registers of an APLIC domain: "Control Region for an Interrupt Domain", and those of each hart's delivery. */

/** Sources 1 to this one exist. */
export const APLIC_LAST_SOURCE = 96;

/** Offsets. */
export const Register = {
  DOMAIN: 0x0000,
  /** The first of one word for each source; the first source is 1. */
  SOURCE: 0x0004,
  MACHINE_MESSAGES: 0x1bc0,
  MACHINE_MESSAGES_HIGH: 0x1bc4,
  SUPERVISOR_MESSAGES: 0x1bc8,
  SUPERVISOR_MESSAGES_HIGH: 0x1bcc,
  /** Bits of all sources, 32 for each word, and then the same by number. */
  SET_PENDING: 0x1c00,
  SET_PENDING_NUMBER: 0x1cdc,
  CLEAR_PENDING: 0x1d00,
  CLEAR_PENDING_NUMBER: 0x1ddc,
  SET_ENABLED: 0x1e00,
  SET_ENABLED_NUMBER: 0x1edc,
  CLEAR_ENABLED: 0x1f00,
  CLEAR_ENABLED_NUMBER: 0x1fdc,
  SET_PENDING_NUMBER_LITTLE: 0x2000,
  SET_PENDING_NUMBER_BIG: 0x2004,
  SEND_MESSAGE: 0x3000,
  TARGET: 0x3004,
  /** What each hart is delivered, {@linkcode DELIVERY_BYTES} bytes for each. */
  DELIVERY: 0x4000,
} as const;

/** Bytes from a group of 32 source bits to the next kind of them. */
export const BITS_AREA_BYTES = 0x80;
/** Bytes of one hart's delivery. */
export const DELIVERY_BYTES = 0x20;

/** Offsets in a hart's delivery. */
export const Delivery = {
  DELIVERY: 0x00,
  FORCE: 0x04,
  THRESHOLD: 0x08,
  TOP: 0x18,
  CLAIM: 0x1c,
} as const;

/** Bits of the domain's configuration. */
export const DomainBit = {
  /** Delivered by messages. */
  MESSAGES: 1 << 2,
  ENABLE: 1 << 8,
  ALWAYS: 0x80 << 24,
} as const;

/** In a source's configuration: the child has it. */
export const SOURCE_DELEGATE = 1 << 10;

/** Fields of a source's target. */
export const Target = {
  HART_SHIFT: 18,
  HART_MASK: 0x3fff << 18,
  /** The identity that a message has. */
  IDENTITY_MASK: 0x7ff,
  /** Priorities of direct delivery have three bits; 1 is the most urgent. */
  PRIORITY_MASK: 7,
} as const;
