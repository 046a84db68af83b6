/** Waiting for shared words on the main thread, which must not block. */

const WORD_SHIFT = 2;

/** Resolves when the word at a byte offset was notified, at once when it is not `value` any more. */
export async function wordChanged(words: Int32Array, offset: number, value: number): Promise<void> {
  // ORDER: compares under the wait queue's lock; partner: the store and notify of whoever changes the word.
  const wait = Atomics.waitAsync(words, offset >> WORD_SHIFT, value);
  if (wait.async) await wait.value;
}

/** Resolves when the word at a byte offset has a value that satisfies the condition. */
export async function wordSatisfies(
  words: Int32Array,
  offset: number,
  condition: (value: number) => boolean,
): Promise<void> {
  for (;;) {
    // ORDER: sc load before the wait for a change of this very value; partner: store then notify.
    const value = Atomics.load(words, offset >> WORD_SHIFT);
    if (condition(value)) return;
    await wordChanged(words, offset, value);
  }
}
