/** Queues, configuration and control messages of consoles: "Console Device" of the virtio specification, 1.2. */

import { MAX_QUEUES } from "./device_struct.ts";
import { Feature, type FeatureSet, featureSet } from "./registers.ts";

/** Features by bit number. */
export const ConsoleFeature = {
  /** The configuration tells the size of the terminal; with several ports a control message does. */
  SIZE: 0,
  /** There may be several ports, and two queues that control them. */
  MULTIPORT: 1,
  /** A field of the configuration takes characters before there are queues. */
  EMERGENCY_WRITE: 2,
} as const;

/** Queues of the first port and those that control all; the others follow in pairs. */
export const ConsoleQueue = {
  RECEIVE: 0,
  TRANSMIT: 1,
  CONTROL_RECEIVE: 2,
  CONTROL_TRANSMIT: 3,
  OTHERS: 4,
} as const;

const QUEUES_PER_PORT = 2;

/** Ports of a device at most. */
export const MAX_PORTS: number = (MAX_QUEUES - QUEUES_PER_PORT) / QUEUES_PER_PORT;

/** The queue by which the guest gets what a port carries; its other one is the next. */
export function receiveQueue(port: number): number {
  return port === 0 ? ConsoleQueue.RECEIVE : ConsoleQueue.OTHERS + (port - 1) * QUEUES_PER_PORT;
}

/** The queue by which the guest sends. */
export function transmitQueue(port: number): number {
  return receiveQueue(port) + 1;
}

/** Number of a device's queues. @param maxPorts of a device with one port it controls none */
export function consoleQueues(maxPorts: number): number {
  return maxPorts === 1 ? QUEUES_PER_PORT : QUEUES_PER_PORT * (maxPorts + 1);
}

/** Offsets in the configuration space. */
export const ConsoleConfig = {
  COLUMNS: 0,
  ROWS: 2,
  MAX_PORTS: 4,
  EMERGENCY: 8,
  BYTES: 12,
} as const;

const ROWS_SHIFT = 16;

/** A size as the first word of the configuration: columns, then rows. */
export function sizeWord({ columns, rows }: TerminalSize): number {
  return columns | rows << ROWS_SHIFT;
}

/** Size of a terminal in characters. */
export interface TerminalSize {
  /** Characters in a line. */
  readonly columns: number;
  /** Lines. */
  readonly rows: number;
}

/** Largest number of columns or rows that there is a field for. */
export const MAX_TERMINAL_SIDE = 0xffff;

/** The features of a console. */
export function consoleFeatures(maxPorts: number): FeatureSet {
  return featureSet([
    Feature.INDIRECT_DESCRIPTORS,
    Feature.EVENT_INDEX,
    Feature.VERSION_1,
    ConsoleFeature.SIZE,
    ConsoleFeature.EMERGENCY_WRITE,
    ...(maxPorts > 1 ? [ConsoleFeature.MULTIPORT] : []),
  ]);
}

/** The configuration space of a console whose size nobody has told yet. */
export function consoleConfig(maxPorts: number): Uint8Array {
  const config = new Uint8Array(ConsoleConfig.BYTES);
  new DataView(config.buffer).setUint32(ConsoleConfig.MAX_PORTS, maxPorts, true);
  return config;
}

/** A message of the control queues. */
export const ControlMessage = { BYTES: 8, PORT: 0, EVENT: 4, VALUE: 6 } as const;
/** What follows a message about a size. */
export const ResizeMessage = { BYTES: 12, COLUMNS: 8, ROWS: 10 } as const;

/** What control messages are about. */
export const ControlEvent = {
  /** Guest: the driver is there (1), or has failed (0). */
  DEVICE_READY: 0,
  /** Device: there is this port. */
  PORT_ADD: 1,
  PORT_REMOVE: 2,
  /** Guest: it has the port (1), or has failed to take it (0). */
  PORT_READY: 3,
  /** Device: the port is a console. */
  CONSOLE_PORT: 4,
  /** Device: how large the terminal of a console is. */
  RESIZE: 5,
  /** Both: a program uses the port (1), or none does (0). */
  PORT_OPEN: 6,
  /** Device: the port's name, which follows. */
  PORT_NAME: 7,
} as const;
