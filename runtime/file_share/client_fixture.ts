/** A guest's side of 9P2000.L for tests: it says whatever it is told to, and reads answers. */

import { Errno, type ErrnoName } from "./file_error.ts";
import { MessageReader } from "./message_reader.ts";
import { MAX_MESSAGE_BYTES, MessageHeader, MessageType, VERSION } from "./message_type.ts";
import { MessageWriter } from "./message_writer.ts";
import type { ShareServer } from "./share_server.ts";

/** The number of the root, once attached. */
export const ROOT_FID = 1;
const TAG = 7;
const ALL_BITS = 0xffff_ffff;
/** No number. */
const NO_FID = ALL_BITS;

/** A part of a request. */
export type Field =
  | { readonly byte: number }
  | { readonly half: number }
  | { readonly word: number }
  | { readonly long: number }
  | { readonly text: string }
  | { readonly raw: Uint8Array };

/** What came of a request. */
export type Answer = MessageReader | ErrnoName;

/** See the header of this file. */
export class ShareClient {
  /** The server that it talks to. */
  readonly server: ShareServer;
  readonly #room = new Uint8Array(MAX_MESSAGE_BYTES);
  readonly #message = new Uint8Array(MAX_MESSAGE_BYTES);
  #nextFid = ROOT_FID + 1;

  constructor(server: ShareServer) {
    this.server = server;
    this.ask(MessageType.VERSION, { word: MAX_MESSAGE_BYTES }, { text: VERSION });
    const attach: Field[] = [{ word: ROOT_FID }, { word: NO_FID }, { text: "" }, { text: "" }];
    this.ask(MessageType.ATTACH, ...attach, { word: 0 });
  }

  /** A message as bytes. */
  message(type: number, fields: readonly Field[]): Uint8Array {
    const writer = new MessageWriter(this.#message);
    for (const field of fields) {
      if ("byte" in field) writer.byte(field.byte);
      else if ("half" in field) writer.half(field.half);
      else if ("word" in field) writer.word(field.word);
      else if ("long" in field) writer.long(field.long);
      else if ("text" in field) writer.text(field.text);
      else writer.data(field.raw.length).set(field.raw);
    }
    return this.#message.subarray(0, writer.finish(type, TAG));
  }

  /** Bytes of an answer to any bytes. */
  exchange(message: Uint8Array, room = this.#room.length): Uint8Array {
    return this.#room.subarray(0, this.server.answer(message, this.#room.subarray(0, room)));
  }

  /** Makes a request. */
  ask(type: number, ...fields: Field[]): Answer {
    const answer = this.exchange(this.message(type, fields));
    const reader = new MessageReader(answer, MessageHeader.BYTES);
    if (answer[MessageHeader.TYPE] !== MessageType.ERROR + 1) return reader;
    const number = reader.word();
    const name = Object.entries(Errno).find(([, value]) => value === number)?.[0];
    return name as ErrnoName;
  }

  /** A number that is not in use. */
  newFid(): number {
    return this.#nextFid++;
  }

  /** Walks from a number. @returns the new number, or an error; a name that leads nowhere is one too */
  walk(names: readonly string[], from = ROOT_FID): number | ErrnoName {
    const fid = this.newFid();
    const answer = this.ask(
      MessageType.WALK,
      { word: from },
      { word: fid },
      { half: names.length },
      ...names.map((text) => ({ text })),
    );
    if (typeof answer === "string") return answer;
    return answer.half() === names.length ? fid : "ENOENT";
  }

  /** Walks where something must be. */
  reach(...names: string[]): number {
    const fid = this.walk(names);
    if (typeof fid === "string") throw new Error(`${names.join("/")}: ${fid}`);
    return fid;
  }

  /** Opens a number. */
  open(fid: number, flags: number): Answer {
    return this.ask(MessageType.OPEN, { word: fid }, { word: flags });
  }

  /** Makes a file in the folder of a number, which becomes the file's. */
  create(fid: number, name: string, flags: number, mode = 0o644): Answer {
    const fields: Field[] = [{ word: fid }, { text: name }, { word: flags }, { word: mode }];
    return this.ask(MessageType.CREATE, ...fields, { word: 0 });
  }

  /** Text of an open file. */
  read(fid: number, position = 0, length = 4096): string | ErrnoName {
    const fields: Field[] = [{ word: fid }, { long: position }, { word: length }];
    const answer = this.ask(MessageType.READ, ...fields);
    if (typeof answer === "string") return answer;
    return new TextDecoder().decode(answer.data(answer.word()).slice());
  }

  /** Writes text to an open file. */
  write(fid: number, text: string, position = 0): Answer {
    const raw = new TextEncoder().encode(text);
    const fields: Field[] = [{ word: fid }, { long: position }, { word: raw.length }];
    return this.ask(MessageType.WRITE, ...fields, { raw });
  }

  /** Makes a link. */
  symlink(fid: number, name: string, target: string): Answer {
    const fields: Field[] = [{ word: fid }, { text: name }, { text: target }];
    return this.ask(MessageType.SYMLINK, ...fields, { word: 0 });
  }

  /** Makes a folder. */
  mkdir(fid: number, name: string, mode = 0o755): Answer {
    const fields: Field[] = [{ word: fid }, { text: name }, { word: mode }];
    return this.ask(MessageType.MKDIR, ...fields, { word: 0 });
  }

  /** Makes a node. */
  mknod(fid: number, name: string, mode: number, major = 1, minor = 3): Answer {
    const fields: Field[] = [{ word: fid }, { text: name }, { word: mode }];
    return this.ask(MessageType.MKNOD, ...fields, { word: major }, { word: minor }, { word: 0 });
  }

  /** Moves an entry. */
  rename(from: number, name: string, to: number, newName: string): Answer {
    const fields: Field[] = [{ word: from }, { text: name }, { word: to }, { text: newName }];
    return this.ask(MessageType.RENAMEAT, ...fields);
  }

  /** Gives the file of a number one more name. */
  link(folder: number, file: number, name: string): Answer {
    return this.ask(MessageType.LINK, { word: folder }, { word: file }, { text: name });
  }

  /** Removes an entry. */
  unlink(folder: number, name: string, flags = 0): Answer {
    return this.ask(MessageType.UNLINKAT, { word: folder }, { text: name }, { word: flags });
  }

  /** Text of a link. */
  readlink(fid: number): string | ErrnoName {
    const answer = this.ask(MessageType.READLINK, { word: fid });
    return typeof answer === "string" ? answer : answer.text();
  }

  /** Kind and permissions, owner, group, links and size. */
  attributes(fid: number): ErrnoName | {
    readonly mode: number;
    readonly uid: number;
    readonly gid: number;
    readonly links: number;
    readonly device: number;
    readonly size: number;
  } {
    const answer = this.ask(MessageType.GETATTR, { word: fid }, { long: 0x7ff });
    if (typeof answer === "string") return answer;
    answer.data(8 + 13);
    const [mode, uid, gid] = [answer.word(), answer.word(), answer.word()];
    const [links, device, size] = [answer.long(), answer.long(), answer.long()];
    return { mode, uid, gid, links, device, size };
  }

  /** Changes an entry. */
  change(
    fid: number,
    bits: number,
    { mode = 0, uid = 0, gid = 0, size = 0, accessed = 0, modified = 0 },
  ): Answer {
    const fields: Field[] = [{ word: fid }, { word: bits }, { word: mode }];
    const owner: Field[] = [{ word: uid }, { word: gid }, { long: size }];
    const times: Field[] = [{ long: accessed }, { long: 0 }, { long: modified }, { long: 0 }];
    return this.ask(MessageType.SETATTR, ...fields, ...owner, ...times);
  }

  /** Names of all entries of a folder, by requests of so many bytes. */
  list(fid: number, room = 4096): string[] | ErrnoName {
    const opened = this.open(fid, 0);
    if (typeof opened === "string") return opened;
    const names: string[] = [];
    for (let position = 0;;) {
      const fields: Field[] = [{ word: fid }, { long: position }, { word: room }];
      const answer = this.ask(MessageType.READDIR, ...fields);
      if (typeof answer === "string") return answer;
      const length = answer.word();
      if (length === 0) return names;
      const entries = new MessageReader(answer.data(length), 0);
      for (let left = length; left > 0;) {
        entries.data(13);
        position = entries.long();
        entries.byte();
        const name = entries.text();
        names.push(name);
        left -= 13 + 8 + 1 + 2 + new TextEncoder().encode(name).length;
      }
    }
  }

  /** Forgets a number. */
  clunk(fid: number): Answer {
    return this.ask(MessageType.CLUNK, { word: fid });
  }
}
