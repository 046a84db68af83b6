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

/** The same as an EFI program with one section, as configured kernels are. */
export function efiKernelFile(): Uint8Array<ArrayBuffer> {
  const header = 64;
  const optionalBytes = 16;
  const section = header + 24 + optionalBytes;
  const content = section + 40;
  const bytes = new Uint8Array(content + 100);
  const view = new DataView(bytes.buffer);
  bytes.set(kernelFile());
  bytes.set(new TextEncoder().encode("MZ"));
  view.setUint32(0x3c, header, true);
  bytes.set(new TextEncoder().encode("PE\0\0"), header);
  view.setUint16(header + 6, 1, true);
  view.setUint16(header + 20, optionalBytes, true);
  view.setUint32(section + 16, 100, true);
  view.setUint32(section + 20, content, true);
  return bytes;
}

/** An EFI program that unpacks the given payload. */
export function zbootFile(payload: Uint8Array, method: string): Uint8Array<ArrayBuffer> {
  const start = 128;
  const bytes = new Uint8Array(start + payload.length + 32);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode("MZ\0\0zimg"));
  view.setUint32(8, start, true);
  view.setUint32(12, payload.length, true);
  bytes.set(new TextEncoder().encode(method), 24);
  bytes.set(payload, start);
  return bytes;
}

/** The content as gzip. */
export async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}
