/** Registers of the 16550A as in its data sheet: offsets and bits, one table for each register. */

/** Byte offsets of the registers; the first two have another meaning while LCR.DLAB is set. */
export const UartRegister = {
  /** Receive buffer on reads, transmit holding register on writes; divisor low byte under DLAB. */
  DATA: 0,
  /** Interrupt enable; divisor high byte under DLAB. */
  INTERRUPT_ENABLE: 1,
  /** Interrupt identification on reads, FIFO control on writes. */
  IDENTIFICATION: 2,
  LINE_CONTROL: 3,
  MODEM_CONTROL: 4,
  LINE_STATUS: 5,
  MODEM_STATUS: 6,
  SCRATCH: 7,
} as const;

/** Interrupt enable register. */
export const InterruptEnable = {
  RECEIVED: 0x01,
  TRANSMIT_EMPTY: 0x02,
  LINE_STATUS: 0x04,
  MODEM_STATUS: 0x08,
  /** Bits that exist in a 16550A; the others read as zero. */
  MASK: 0x0f,
} as const;

/** Interrupt identification register: the pending cause of highest priority. */
export const Identification = {
  NONE: 0x01,
  MODEM_STATUS: 0x00,
  TRANSMIT_EMPTY: 0x02,
  RECEIVED: 0x04,
  LINE_STATUS: 0x06,
  /** Fewer bytes than the trigger level wait, and none arrived lately. */
  CHARACTER_TIMEOUT: 0x0c,
  /** Both bits read as one while the FIFOs are on. */
  FIFO_ENABLED: 0xc0,
} as const;

/** FIFO control register. */
export const FifoControl = {
  ENABLE: 0x01,
  RESET_RECEIVER: 0x02,
  RESET_TRANSMITTER: 0x04,
  TRIGGER_SHIFT: 6,
} as const;

/** Bytes that must wait for the received-data interrupt, by the trigger field of the FIFO control. */
export const TRIGGER_LEVELS: readonly number[] = [1, 4, 8, 14];

/** Line control register. */
export const LineControl = { DIVISOR_ACCESS: 0x80 } as const;

/** Modem control register. */
export const ModemControl = {
  DATA_TERMINAL_READY: 0x01,
  REQUEST_TO_SEND: 0x02,
  OUT1: 0x04,
  OUT2: 0x08,
  LOOP: 0x10,
  MASK: 0x1f,
} as const;

/** Line status register. */
export const LineStatus = {
  DATA_READY: 0x01,
  OVERRUN: 0x02,
  BREAK: 0x10,
  TRANSMIT_HOLDING_EMPTY: 0x20,
  TRANSMITTER_EMPTY: 0x40,
} as const;

/** Modem status register: levels in the high half, changes since the last read in the low half. */
export const ModemStatus = {
  CLEAR_TO_SEND_CHANGED: 0x01,
  DATA_SET_READY_CHANGED: 0x02,
  RING_ENDED: 0x04,
  CARRIER_CHANGED: 0x08,
  CLEAR_TO_SEND: 0x10,
  DATA_SET_READY: 0x20,
  RING: 0x40,
  CARRIER: 0x80,
} as const;
