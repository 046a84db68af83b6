/**
 * Serves a tree of files by 9P2000.L: a request in, an answer out, one after the other. A request that makes no sense is
 * answered with an error, and touches nothing.
 */

import { ATTRIBUTE_REQUESTS } from "./attribute_requests.ts";
import { FID_REQUESTS } from "./fid_requests.ts";
import { FILE_REQUESTS } from "./file_requests.ts";
import { Errno, errnoNameOf, FileError } from "./file_error.ts";
import type { FileTree } from "./file_tree.ts";
import { FOLDER_REQUESTS } from "./folder_requests.ts";
import { MessageReader } from "./message_reader.ts";
import {
  MAX_MESSAGE_BYTES,
  MessageHeader,
  MessageType,
  MIN_MESSAGE_BYTES,
  UNKNOWN_VERSION,
  VERSION,
} from "./message_type.ts";
import { MessageWriter } from "./message_writer.ts";
import { type RequestCall, type ShareCounts, ShareSession } from "./share_session.ts";

const CALLS: ReadonlyMap<number, RequestCall> = new Map<number, RequestCall>([
  ...FID_REQUESTS,
  ...FILE_REQUESTS,
  ...FOLDER_REQUESTS,
  ...ATTRIBUTE_REQUESTS,
]);

/** See the header of this file. */
export class ShareServer {
  readonly #session: ShareSession;
  #messageBytes = MAX_MESSAGE_BYTES;
  #failures = 0;

  /** Serves a tree, which it closes at its end. @param isReadonly is nothing changed? */
  constructor(tree: FileTree, isReadonly: boolean) {
    this.#session = new ShareSession(tree, isReadonly);
  }

  /** What was moved. */
  get counts(): ShareCounts {
    return this.#session.counts;
  }

  /** Requests that were answered with an error. */
  get failures(): number {
    return this.#failures;
  }

  /**
   * Answers a request.
   * @param message the request, at least its header
   * @param room for the answer, at least `ERROR_BYTES`
   * @returns bytes of the answer
   */
  answer(message: Uint8Array, room: Uint8Array): number {
    const header = new DataView(message.buffer, message.byteOffset, message.byteLength);
    const type = header.getUint8(MessageHeader.TYPE);
    const tag = header.getUint16(MessageHeader.TAG, true);
    const answer = new MessageWriter(room.subarray(0, this.#messageBytes));
    try {
      const size = header.getUint32(MessageHeader.SIZE, true);
      if (size > message.length || size < MessageHeader.BYTES) throw new FileError("EINVAL");
      if (size > this.#messageBytes) throw new FileError("EMSGSIZE");
      this.#call(type, new MessageReader(message.subarray(0, size), MessageHeader.BYTES), answer);
      return answer.finish(type + 1, tag);
    } catch (error) {
      this.#failures++;
      answer.clear();
      answer.word(Errno[errnoNameOf(error)]);
      return answer.finish(MessageType.ERROR + 1, tag);
    }
  }

  #call(type: number, request: MessageReader, answer: MessageWriter): void {
    if (type === MessageType.VERSION) return this.#agree(request, answer);
    if (type === MessageType.FLUSH) return void request.half(); // no request is under way here
    const call = CALLS.get(type);
    if (call === undefined) throw new FileError("EOPNOTSUPP");
    call(this.#session, request, answer);
  }

  /** A new session begins. */
  #agree(request: MessageReader, answer: MessageWriter): void {
    const wanted = request.word();
    const isKnown = request.text() === VERSION;
    this.#session.fids.clear();
    if (wanted < MIN_MESSAGE_BYTES) throw new FileError("EMSGSIZE");
    this.#messageBytes = Math.min(wanted, MAX_MESSAGE_BYTES);
    answer.word(this.#messageBytes);
    answer.text(isKnown ? VERSION : UNKNOWN_VERSION);
  }

  /** Closes all that is open. */
  close(): void {
    this.#session.fids.clear();
    this.#session.tree.close();
  }
}
