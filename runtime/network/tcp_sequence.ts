/** Sequence numbers of TCP, which wrap: RFC 9293, "Sequence Numbers". */

/** A number that lies `count` behind another one. */
export function advance(sequence: number, count: number): number {
  return (sequence + count) >>> 0;
}

/** How far `to` lies behind `from`; negative when it lies before it. */
export function distance(from: number, to: number): number {
  return (to - from) | 0;
}

/** Does `a` lie before `b`? */
export function isBefore(a: number, b: number): boolean {
  return distance(a, b) > 0;
}
