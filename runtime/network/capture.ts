/** Frames as tools for networks read them: the file format of libpcap, version 2.4. */

const MAGIC = 0xa1b2_c3d4;
const VERSION = { MAJOR: 2, MINOR: 4 } as const;
const ETHERNET = 1;
const HEADER_BYTES = 24;
const RECORD_BYTES = 16;
const MS_PER_SECOND = 1000;
const US_PER_MS = 1000;

/** Bytes of a frame that are kept when nobody says how many. */
export const DEFAULT_CAPTURE_BYTES = 0x1_0000;

/** What a file begins with. */
export function captureHeader(maxBytes: number): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(HEADER_BYTES));
  view.setUint32(0, MAGIC, true);
  view.setUint16(4, VERSION.MAJOR, true);
  view.setUint16(6, VERSION.MINOR, true);
  view.setUint32(16, maxBytes, true);
  view.setUint32(20, ETHERNET, true);
  return new Uint8Array(view.buffer);
}

/** One frame. @param timeMs milliseconds since 1970 */
export function captureRecord(
  frame: Uint8Array,
  timeMs: number,
  maxBytes: number,
): Uint8Array<ArrayBuffer> {
  const kept = frame.subarray(0, maxBytes);
  const bytes = new Uint8Array(RECORD_BYTES + kept.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Math.floor(timeMs / MS_PER_SECOND), true);
  view.setUint32(4, Math.floor(timeMs % MS_PER_SECOND * US_PER_MS), true);
  view.setUint32(8, kept.length, true);
  view.setUint32(12, frame.length, true);
  bytes.set(kept, RECORD_BYTES);
  return bytes;
}
