/** Carries what a guest writes to something on the host, which may go away: the guest runs on. */

/** Where bytes go: writes some of them and says how many. */
export type WriteSome = (bytes: Uint8Array) => Promise<number>;

/** Writes all bytes. */
export async function writeAll(bytes: Uint8Array, write: WriteSome): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await write(bytes.subarray(done));
}

/** What carries output is made of. */
export interface OutputRoute {
  /** What the guest writes. */
  readonly readable: ReadableStream<Uint8Array>;
  /** Where it goes. */
  readonly write: WriteSome;
  /** Called before the first byte. */
  readonly firstOutput: () => void;
  /** Tells the user something. */
  readonly say: (text: string) => void;
}

/** Carries until the last byte; once nobody can receive any more, the rest is dropped. */
export async function carryOutput(
  { readable, write, firstOutput, say }: OutputRoute,
): Promise<void> {
  let isWritable = true;
  let isSilent = true;
  for await (const chunk of readable) {
    if (isSilent && chunk.length > 0) {
      isSilent = false;
      firstOutput();
    }
    if (!isWritable) continue;
    try {
      await writeAll(chunk, write);
    } catch (error) {
      isWritable = false;
      if (error instanceof Deno.errors.BrokenPipe) continue;
      const cause = error instanceof Error ? error.message : String(error);
      say(`weft: the guest's output is dropped: ${cause}\n`);
    }
  }
}
