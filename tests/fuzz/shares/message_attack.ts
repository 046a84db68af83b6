/**
 * What a hostile guest says to a shared folder in which the host has laid links that lead out: requests in any order
 * with any names, numbers and lengths, and messages that are none.
 *
 * Afterwards four things must hold. Nothing outside has changed. No answer told what is kept there. Every answer was
 * one: it has its own length, and the number of its request or of an error. And a new session works.
 */
import { setTraps } from "../../../runtime/file_share/escape_recipes_fixture.ts";
import { type Field, ShareClient } from "../../../runtime/file_share/client_fixture.ts";
import { MessageHeader, MessageType } from "../../../runtime/file_share/message_type.ts";
import { SECRET, SHARE_VARIANTS, ShareFixture } from "../../../runtime/file_share/share_fixture.ts";
import { SeededRandom } from "../../differential/seeded_random.ts";

const NAMES: readonly string[] = [
  ...["file", "folder", "inner", "leaf", "new", "other", "secret", "outside", "deep"],
  ...["link-out", "link-file", "link-absolute", "chain", "dangling", "here", "up", "to-root"],
  ...["..", ".", "", "/", "../outside", "a\0b", ".virtfs_metadata", ".virtfs_metadata_root"],
  ...["n".repeat(255), "n".repeat(256), "ü", "file/..", "etc", "passwd"],
];
const TARGETS: readonly string[] = ["../outside", "/etc/passwd", "file", "..", "x".repeat(5000)];
const BORDERS: readonly number[] = [
  0,
  1,
  2,
  3,
  0xff,
  0xffff,
  0x7fff_ffff,
  0xffff_fffe,
  0xffff_ffff,
];
const TYPES: readonly number[] = Object.values(MessageType);
const STEPS = 60;
const FIDS = 12;
/** The fields of each request; others get random ones. */
const FORMS: Readonly<Record<number, string>> = {
  [MessageType.VERSION]: "wt",
  [MessageType.ATTACH]: "fwttw",
  [MessageType.WALK]: "ff*",
  [MessageType.OPEN]: "fo",
  [MessageType.CREATE]: "fnomw",
  [MessageType.READ]: "fls",
  [MessageType.WRITE]: "fld",
  [MessageType.READDIR]: "fls",
  [MessageType.GETATTR]: "fl",
  [MessageType.SETATTR]: "fwmwwlllll",
  [MessageType.STATFS]: "f",
  [MessageType.MKDIR]: "fnmw",
  [MessageType.SYMLINK]: "fngw",
  [MessageType.MKNOD]: "fnmwww",
  [MessageType.READLINK]: "f",
  [MessageType.LINK]: "ffn",
  [MessageType.RENAME]: "ffn",
  [MessageType.RENAMEAT]: "fnfn",
  [MessageType.UNLINKAT]: "fnu",
  [MessageType.FSYNC]: "fw",
  [MessageType.LOCK]: "fbwllwt",
  [MessageType.GETLOCK]: "fbllwt",
  [MessageType.XATTRWALK]: "ffn",
  [MessageType.XATTRCREATE]: "fnlw",
  [MessageType.CLUNK]: "f",
  [MessageType.REMOVE]: "f",
  [MessageType.FLUSH]: "h",
};

/** Counts of what was said. */
export interface MessageCounts {
  messages: number;
  refused: number;
}

/** See the header of this file. */
export class MessageAttack {
  /** What was said so far. */
  readonly counts: MessageCounts = { messages: 0, refused: 0 };

  /** Carries one attack out. @returns what went wrong */
  run(seed: number): string[] {
    const random = new SeededRandom(seed);
    using share = new ShareFixture(random.pick(SHARE_VARIANTS), random.chance(10));
    setTraps(share);
    const before = share.outsideState();
    const wrong: string[] = [];
    for (let step = 0; step < STEPS; step++) wrong.push(...this.#say(share.client, random));
    if (`${share.outsideState()}` !== `${before}`) wrong.push("what is outside has changed");
    return [...wrong, ...usable(share)];
  }

  #say(client: ShareClient, random: SeededRandom): string[] {
    const type = random.chance(95) ? random.pick(TYPES) : random.below(256);
    const message = client.message(type, fieldsOf(random, type)).slice();
    if (random.chance(10)) message[random.below(message.length)] = random.below(256);
    const cut = random.chance(5)
      ? message.subarray(0, random.between(MessageHeader.BYTES, message.length))
      : message;
    this.counts.messages++;
    try {
      const answer = client.exchange(cut, random.chance(90) ? undefined : random.between(11, 64));
      return this.#judge(cut[MessageHeader.TYPE], answer);
    } catch (error) {
      return [`the server failed at request ${type}: ${error}`];
    }
  }

  #judge(type: number, answer: Uint8Array): string[] {
    const size = new DataView(answer.buffer, answer.byteOffset).getUint32(0, true);
    const kind = answer[MessageHeader.TYPE];
    const isError = kind === MessageType.ERROR + 1;
    if (isError) this.counts.refused++;
    const wrong: string[] = [];
    if (size !== answer.length) wrong.push(`an answer of ${answer.length} bytes says ${size}`);
    if (!isError && kind !== ((type + 1) & 0xff)) {
      wrong.push(`request ${type} is answered by ${kind}`);
    }
    const isTold = new TextDecoder("latin1").decode(answer.slice()).includes(SECRET);
    if (isTold) wrong.push(`request ${type} tells what is outside`);
    return wrong;
  }
}

function usable(share: ShareFixture): string[] {
  share.put("probe", "a probe");
  const client = new ShareClient(share.client.server);
  const fid = client.walk(["probe"]);
  if (typeof fid === "string") return [`a new session finds nothing: ${fid}`];
  client.open(fid, 0);
  return client.read(fid) === "a probe" ? [] : ["a new session reads something else"];
}

function fieldsOf(random: SeededRandom, type: number): Field[] {
  const form = FORMS[type] ?? "fwl";
  return [...form].flatMap((letter) => fieldOf(random, letter));
}

function fieldOf(random: SeededRandom, letter: string): Field[] {
  const word = (): number => random.chance(70) ? random.below(16) : random.pick(BORDERS);
  const name = (): string => random.pick(NAMES);
  switch (letter) {
    case "f":
      return [{ word: random.chance(97) ? random.between(1, FIDS) : word() }];
    case "n":
      return [{ text: name() }];
    case "g":
      return [{ text: random.pick(TARGETS) }];
    case "t":
      return [{ text: random.chance(80) ? "9P2000.L" : name() }];
    case "b":
      return [{ byte: random.below(256) }];
    case "h":
      return [{ half: random.below(0x1_0000) }];
    case "l":
      return [{ long: random.chance(80) ? random.below(64) : random.word() * random.word() }];
    case "s":
      return [{ word: random.chance(80) ? random.below(600) : word() }];
    case "o":
      return [{ word: random.chance(70) ? random.below(3) : random.below(0o400000) }];
    case "m":
      return [{ word: random.below(0x1_0000) }];
    case "u":
      return [{ word: random.pick([0, 0x200]) }];
    case "d":
      return [{ word: 4 }, { raw: Uint8Array.of(1, 2, 3, 4) }];
    case "*": {
      const names = Array.from({ length: random.below(5) }, () => ({ text: name() }));
      return [{ half: random.chance(95) ? names.length : random.below(0x1_0000) }, ...names];
    }
    default:
      return [{ word: word() }];
  }
}
