/**
 * Registers of a PCI function's configuration space: "PCI-Compatible Configuration Registers" and "Vendor Specific
 * Capability" of the PCI Express base specification. Offsets are in bytes.
 */

/** Offsets of the header of type 0. */
export const Header = {
  /** Vendor, then device. */
  IDENTITY: 0x00,
  /** Command, then status. */
  COMMAND: 0x04,
  /** Revision, then class. */
  CLASS: 0x08,
  /** Cache line, latency timer, kind of header, self test. */
  CACHE_LINE: 0x0c,
  /** The first base address; there are six. */
  BASE_ADDRESS: 0x10,
  /** Vendor and number of the subsystem. */
  SUBSYSTEM: 0x2c,
  /** Where the list of capabilities begins. */
  CAPABILITIES: 0x34,
  /** Interrupt line, then pin. */
  INTERRUPT: 0x3c,
  /** What follows is the function's own. */
  BYTES: 0x40,
} as const;

/** Bits of the command register. */
export const Command = {
  IO_SPACE: 0x0001,
  /** Base addresses of memory answer. */
  MEMORY_SPACE: 0x0002,
  /** The function may reach memory by itself. */
  BUS_MASTER: 0x0004,
  SYSTEM_ERROR: 0x0100,
  /** The interrupt pin is silent. */
  INTERRUPT_DISABLE: 0x0400,
} as const;

/** Bits of the word of command and status that are the status register's. */
export const Status = {
  /** An interrupt is asked for, whether its pin is silent or not. */
  INTERRUPT: 0x0008_0000,
  /** There is a list of capabilities. */
  CAPABILITIES: 0x0010_0000,
} as const;

/** Bits of a base address. */
export const BaseAddress = {
  /** It is 64 bits wide: the next one is its upper half. */
  WIDE: 0x4,
  PREFETCHABLE: 0x8,
} as const;

/** What no function answers: all bits are set. */
export const NO_ANSWER = -1;

/** Bytes of the configuration space of a function; what lies behind is for functions of PCI Express. */
export const CONFIGURATION_BYTES = 256;
/** Words of it. */
export const CONFIGURATION_WORDS: number = CONFIGURATION_BYTES / 4;

/** Number of a capability that is the vendor's own. */
export const VENDOR_CAPABILITY = 0x09;
/** Number of the capability of interrupts by message. */
export const MESSAGE_CAPABILITY = 0x11;

/** Bits of that capability's first word. */
export const MessageControl = {
  /** One less than the number of vectors. */
  LAST_VECTOR_SHIFT: 16,
  /** All vectors are masked. */
  MASKED: 1 << 30,
  /** Interrupts are messages, and the pin is silent. */
  ENABLED: 1 << 31,
} as const;

/** The first interrupt pin. */
export const PIN_A = 1;

/** Bits of the command that can be written, and of the header beside it: what QEMU's functions have. */
export const COMMAND_WRITABLE = Command.IO_SPACE | Command.MEMORY_SPACE | Command.BUS_MASTER |
  Command.SYSTEM_ERROR | Command.INTERRUPT_DISABLE;
/** The cache line's size, which nothing depends on. */
export const CACHE_LINE_WRITABLE = 0xff;
/** The interrupt line, which is a note for the operating system. */
export const INTERRUPT_LINE_WRITABLE = 0xff;
