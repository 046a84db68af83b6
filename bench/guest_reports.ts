// Files of a guest's that come to the host over the console: packed, so that a serial line is fast enough for them.

const BEGIN = "REPORT";
const END = "REPORT-END";
const WHOLE = new RegExp(`^${BEGIN} (\\S+)\\r?\\n([A-Za-z0-9+/=\\r\\n]*?)^${END}\\r?$`, "gm");

/** A shell function, `report NAME FILE`. The kernel's messages would come in between: they wait in its buffer. */
export const REPORT_FUNCTION = `report() {
  dmesg -n 1
  echo "${BEGIN} $1"
  gzip -c "$2" | base64
  echo ${END}
  dmesg -n 7
}
`;

/** A file of the guest's. */
export interface GuestReport {
  readonly name: string;
  readonly text: string;
}

/** The files in a console's text, in order. Those that are damaged throw. */
export async function guestReports(console: string): Promise<GuestReport[]> {
  return await Promise.all(
    [...console.matchAll(WHOLE)].map(async ([, name, packed]) => ({
      name,
      text: await unpacked(packed.replace(/\s/g, "")),
    })),
  );
}

async function unpacked(base64: string): Promise<string> {
  const bytes = new Blob([Uint8Array.fromBase64(base64)]);
  return await new Response(bytes.stream().pipeThrough(new DecompressionStream("gzip"))).text();
}
