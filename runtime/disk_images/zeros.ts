/** Looks for zeros in what is to be written. */

const WORD_BYTES = 4;

/** Is all of it zero? */
export function isAllZero(bytes: Uint8Array<ArrayBuffer>): boolean {
  const isAligned = bytes.byteOffset % WORD_BYTES === 0 && bytes.length % WORD_BYTES === 0;
  if (!isAligned) return bytes.every((byte) => byte === 0);
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / WORD_BYTES);
  for (let index = 0; index < words.length; index++) {
    if (words[index] !== 0) return false;
  }
  return true;
}
