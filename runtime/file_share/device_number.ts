/** Numbers of devices, as programs of Linux get them: the low half of 64 bits. */

const MAJOR_MASK = 0xfff;
const MAJOR_SHIFT = 8;
const MINOR_LOW_MASK = 0xff;
const MINOR_SHIFT = 12;

/** One number for two. */
export function encodeDevice(major: number, minor: number): number {
  const low = minor & MINOR_LOW_MASK | (major & MAJOR_MASK) << MAJOR_SHIFT;
  return (low | (minor & ~MINOR_LOW_MASK) << MINOR_SHIFT) >>> 0;
}

/** The two numbers. */
export function decodeDevice(device: number): { readonly major: number; readonly minor: number } {
  const major = device >>> MAJOR_SHIFT & MAJOR_MASK;
  const minor = device & MINOR_LOW_MASK | device >>> MINOR_SHIFT & ~MINOR_LOW_MASK;
  return { major, minor };
}
