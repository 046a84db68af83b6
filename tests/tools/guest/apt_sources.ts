/**
 * Derives a Debian archive source from the apt configuration of this machine.
 *
 * The mirror that the machine already uses and trusts is the one to fetch from: only the suite is replaced.
 * Signature options are kept (`Signed-By`), options that switch checks off are dropped (`Trusted`,
 * `Allow-Insecure`), and entries of other distributions or add-on archives never match, because they do not
 * carry a Debian release as their suite. Both file forms of sources.list are read: one line per source, and
 * the stanzas of `*.sources` files.
 */

/** A Debian archive: where it is and whose signature makes it valid. */
export interface ArchiveSource {
  /** Base addresses, one or more. */
  readonly uris: readonly string[];
  /** Suites the machine uses from it. */
  readonly suites: readonly string[];
  /** Value of the Signed-By field: a key file, fingerprints, or a whole key (several lines); none = apt's own. */
  readonly signedBy: string | undefined;
}

/** Names under which a Debian archive publishes whole releases. */
const DEBIAN_SUITES: ReadonlySet<string> = new Set([
  "buster",
  "bullseye",
  "bookworm",
  "trixie",
  "forky",
  "duke",
  "sid",
  "oldoldstable",
  "oldstable",
  "stable",
  "testing",
  "unstable",
]);

/** Sources of a file in the one-line form ("deb [options] uri suite components"). */
export function parseOneLineSources(content: string): ArchiveSource[] {
  const sources: ArchiveSource[] = [];
  for (const line of content.split("\n")) {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)(?:\s|$)/.exec(line);
    if (match === null) continue;
    const [, options = "", uri = "", suite = ""] = match;
    const signedBy = /(?:^|\s)signed-by=(\S+)/i.exec(options)?.[1];
    sources.push({ uris: [uri], suites: [suite], signedBy: signedBy?.replaceAll(",", " ") });
  }
  return sources;
}

/** Sources of a file in the stanza form ("Types: deb", "URIs: ...", ...). */
export function parseStanzaSources(content: string): ArchiveSource[] {
  return content.split(/\n[ \t]*\n/)
    .map(stanzaFields)
    .filter((fields) => words(fields.get("types")).includes("deb"))
    .filter((fields) => fields.get("enabled")?.trim().toLowerCase() !== "no")
    .map((fields) => ({
      uris: words(fields.get("uris")),
      suites: words(fields.get("suites")),
      signedBy: fields.get("signed-by")?.trim(),
    }));
}

/** Fields of one stanza by lower-case name; continuation lines keep their line breaks. */
function stanzaFields(stanza: string): Map<string, string> {
  const fields = new Map<string, string>();
  let name: string | undefined;
  for (const line of stanza.split("\n")) {
    if (line.startsWith("#")) continue;
    const field = /^([A-Za-z-]+):(.*)$/.exec(line);
    if (field !== null) {
      name = field[1]?.toLowerCase() ?? "";
      fields.set(name, field[2] ?? "");
    } else if (name !== undefined && /^[ \t]/.test(line)) {
      fields.set(name, `${fields.get(name)}\n${line}`);
    }
  }
  return fields;
}

function words(value: string | undefined): string[] {
  return (value ?? "").split(/\s+/).filter((word) => word !== "");
}

/** The first source that carries a Debian release, or undefined on a machine that has none. */
export function debianArchive(sources: readonly ArchiveSource[]): ArchiveSource | undefined {
  return sources.find((source) =>
    source.uris.length > 0 && source.suites.some((suite) => DEBIAN_SUITES.has(suite))
  );
}

/** A `*.sources` stanza for one suite of the archive, with apt's signature checks in force. */
export function sourceStanza(source: ArchiveSource, suite: string, component: string): string {
  const lines = [
    "Types: deb",
    `URIs: ${source.uris.join(" ")}`,
    `Suites: ${suite}`,
    `Components: ${component}`,
  ];
  if (source.signedBy !== undefined) lines.push(`Signed-By: ${source.signedBy}`);
  return lines.join("\n") + "\n";
}
