/** Sizes of memory as QEMU writes them. */

const SUFFIX_SHIFT: Readonly<Record<string, number>> = { B: 0, K: 10, M: 20, G: 30, T: 40 };
const DEFAULT_SUFFIX = "M";

/** Bytes of `512`, `512M` or `1.5G`; a number without a suffix counts MiB. Undefined for anything else. */
export function parseByteCount(text: string): number | undefined {
  const match = /^([0-9]+(?:\.[0-9]+)?)([BKMGT]?)$/i.exec(text);
  if (match === null) return undefined;
  const [, digits, suffix] = match;
  const shift = SUFFIX_SHIFT[(suffix || DEFAULT_SUFFIX).toUpperCase()];
  return Math.ceil(Number(digits) * 2 ** shift);
}
