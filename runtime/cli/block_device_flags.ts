/** Lines of `-device` with a disk: which drive is in it, and its queues, in QEMU's words. */

import type { DriveOptions } from "../machine/drive_options.ts";
import type { QueueOptions, QueueThreadOptions } from "../machine/queue_options.ts";
import type { PlugOptions } from "../machine/slot_assignment.ts";
import type { DeviceLine } from "./device_flags.ts";
import { UsageError } from "./usage_error.ts";

/** The list of a disk that says which thread serves which of its queues. */
export const QUEUE_MAPPING = "iothread-vq-mapping";

/** One `-device virtio-blk-device`. */
export interface BlockDeviceRequest extends PlugOptions {
  /** Says so. */
  readonly kind: "block";
  /** The flag, for messages. */
  readonly what: string;
  /** Name of its drive. */
  readonly drive: string;
  /** What it says besides. */
  readonly settings: Pick<DriveOptions, "serial" | keyof QueueOptions>;
}

/** Understands a line of `-device` with a disk. Throws UsageError. */
export function parseBlockDevice({ what, properties, lists }: DeviceLine): BlockDeviceRequest {
  const drive = properties.get("drive") ?? "";
  if (drive === "") {
    const cause = "it names no drive";
    throw new UsageError({
      what,
      cause,
      fix: "add drive=NAME, and -drive if=none,id=NAME,file=FILE",
    });
  }
  const [serial, iothread] = ["serial", "iothread"].map((name) => properties.get(name));
  const queues = properties.get("num-queues");
  const mapping = lists?.get(QUEUE_MAPPING);
  return {
    kind: "block",
    what,
    drive,
    settings: {
      ...(serial === undefined ? {} : { serial }),
      ...(iothread === undefined ? {} : { iothread }),
      ...(queues === undefined ? {} : { queues: parseQueues(what, queues) }),
      ...(mapping === undefined ? {} : { iothreads: mapping.map((row) => parseRow(what, row)) }),
    },
  };
}

const WHOLE_NUMBER = /^\d{1,6}$/;

function parseQueues(what: string, text: string): number {
  if (WHOLE_NUMBER.test(text)) return Number(text);
  const cause = `num-queues=${text} is not a whole number`;
  throw new UsageError({ what, cause, fix: "write num-queues=2" });
}

/** One thread of a mapping: `{"iothread":"t0","vqs":[0,1]}`. */
function parseRow(what: string, row: unknown): QueueThreadOptions {
  const { iothread, vqs, ...others } = Object(row) as Record<string, unknown>;
  const areNumbers = Array.isArray(vqs) && vqs.every((queue) => typeof queue === "number");
  const isRow = typeof iothread === "string" && (vqs === undefined || areNumbers);
  if (isRow && Object.keys(others).length === 0) {
    return { iothread, ...(areNumbers ? { queues: vqs } : {}) };
  }
  throw new UsageError({
    what,
    cause: `${JSON.stringify(row)} in ${QUEUE_MAPPING} is not a thread and its queues`,
    fix: 'write {"iothread":"NAME","vqs":[0,1]}, or leave vqs out',
  });
}
