/** Builds the smallest file that is a Linux `Image` by its header, for tests. */

/** A file of 64 bytes that asks for 4 KiB of memory, 2 MiB above the start of RAM. */
export function kernelFile(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(64);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(8, 0x20_0000n, true);
  view.setBigUint64(16, 0x1000n, true);
  bytes.set(new TextEncoder().encode("RISCV\0\0\0"), 0x30);
  bytes.set(new TextEncoder().encode("RSC\x05"), 0x38);
  return bytes;
}

/** The content as gzip. */
export async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}
