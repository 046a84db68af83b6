import { assertEquals } from "@std/assert";
import {
  debianArchive,
  parseOneLineSources,
  parseStanzaSources,
  sourceStanza,
} from "./apt_sources.ts";

const KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg";

Deno.test("one-line sources give address, suite and key", () => {
  const sources = parseOneLineSources(`
# deb http://commented.example/debian bookworm main
deb-src http://archive.example/debian bookworm main
deb http://archive.example/debian bookworm main contrib
  deb [ arch=amd64 signed-by=${KEYS} ] http://archive.example/debian bookworm-updates main
deb [trusted=yes] http://addon.example/apt stable-addon main
`);
  assertEquals(sources, [
    { uris: ["http://archive.example/debian"], suites: ["bookworm"], signedBy: undefined },
    { uris: ["http://archive.example/debian"], suites: ["bookworm-updates"], signedBy: KEYS },
    { uris: ["http://addon.example/apt"], suites: ["stable-addon"], signedBy: undefined },
  ]);
});

Deno.test("stanza sources give addresses, suites and key, comments and disabled ones left out", () => {
  const sources = parseStanzaSources(`Types: deb deb-src
# a comment in a stanza
URIs: http://archive.example/debian
  http://second.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: ${KEYS}

Types: deb-src
URIs: http://sources.example/debian
Suites: bookworm

Types: deb
Enabled: no
URIs: http://disabled.example/debian
Suites: trixie
`);
  assertEquals(sources, [{
    uris: ["http://archive.example/debian", "http://second.example/debian"],
    suites: ["bookworm", "bookworm-updates"],
    signedBy: KEYS,
  }]);
});

Deno.test("a key that stands in the stanza itself survives the way into the new source", () => {
  const key =
    "-----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n AAAA\n -----END PGP PUBLIC KEY BLOCK-----";
  const [source] = parseStanzaSources(
    `Types: deb\nURIs: http://a.example\nSuites: sid\nSigned-By:\n ${key}\n`,
  );
  assertEquals(parseStanzaSources(sourceStanza(source, "trixie", "main")), [
    { uris: ["http://a.example"], suites: ["trixie"], signedBy: source.signedBy },
  ]);
});

Deno.test("only an archive with a Debian release is taken, and nothing that switches checks off", () => {
  const [addon, debian] = parseOneLineSources(
    "deb http://addon.example/apt nodistro main\n" +
      "deb [trusted=yes allow-insecure=yes arch=amd64] http://archive.example/debian bookworm main\n",
  );
  assertEquals(debianArchive([addon]), undefined);
  assertEquals(debianArchive([addon, debian]), debian);
  assertEquals(
    sourceStanza(debian, "trixie", "main"),
    "Types: deb\nURIs: http://archive.example/debian\nSuites: trixie\nComponents: main\n",
  );
});
