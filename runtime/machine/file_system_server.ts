/**
 * Answers the calls of an I/O worker with a file system of the caller's: main's end of `caller_tree.ts`. What a back end
 * has no method for cannot be changed there.
 */

import {
  type BackendAnswer,
  type BackendCall,
  type BackendEntry,
  LISTED_LETTERS,
  putCall,
  takeCall,
} from "../file_share/backend_call.ts";
import { errnoNameOf, FileError } from "../file_share/file_error.ts";
import { CallMailbox, CallResult, CallWord } from "../virtio/back_end_call.ts";
import type { FileSystemBackend } from "./share_options.ts";

interface Answer {
  readonly text: BackendAnswer;
  readonly data?: Uint8Array;
}

/** See the header of this file. */
export class FileSystemServer {
  readonly #backend: FileSystemBackend;
  readonly #mailbox: CallMailbox;

  /** Serves one back end, over the mailbox in a shared memory. */
  constructor(backend: FileSystemBackend, memory: SharedArrayBuffer) {
    this.#backend = backend;
    this.#mailbox = new CallMailbox(memory);
  }

  /** Answers each message that arrives at a port, until that is closed. */
  serve(port: MessagePort): void {
    port.onmessage = () => void this.#answer();
  }

  async #answer(): Promise<void> {
    const { data, words } = this.#mailbox;
    try {
      const { text, data: bytes } = takeCall<BackendCall>(data, words[CallWord.LENGTH]);
      const answer = await this.#carryOut(text, bytes);
      this.#mailbox.answer(CallResult.DONE, putCall(data, answer.text, answer.data));
    } catch (error) {
      this.#mailbox.answer(CallResult.DONE, putCall(data, { error: errnoNameOf(error) }));
    }
  }

  async #carryOut(call: BackendCall, bytes: Uint8Array): Promise<Answer> {
    const backend = this.#backend;
    const { path } = call;
    switch (call.does) {
      case "look":
        return { text: { entry: onlyKnown(await backend.look(path)) } };
      case "list":
        return { text: listed(await backend.list(path), call.from) };
      case "read": {
        const into = new Uint8Array(call.length);
        const length = await backend.read(path, call.offset, into);
        return { text: {}, data: into.subarray(0, length) };
      }
      case "write":
        await given(backend.write).call(backend, path, call.offset, bytes);
        return { text: {} };
      case "create":
        await given(backend.create).call(backend, path, call.entry);
        return { text: {} };
      case "remove":
        await given(backend.remove).call(backend, path);
        return { text: {} };
      case "rename":
        await given(backend.rename).call(backend, path, call.to);
        return { text: {} };
      case "change":
        await given(backend.change).call(backend, path, call.change);
        return { text: {} };
      case "flush":
        await backend.flush?.(path);
        return { text: {} };
    }
  }
}

/** What a back end tells besides is not looked at: it may be the file itself. */
function onlyKnown(entry: BackendEntry | undefined): BackendEntry | null {
  if (entry === undefined) return null;
  const { kind, size = 0, permissions, modified = 0, target = "", id } = entry;
  return {
    ...{ kind, size, modified, target },
    ...(permissions === undefined ? {} : { permissions }),
    ...(id === undefined ? {} : { id }),
  };
}

/** A method that the back end has. */
function given<Method>(method: Method | undefined): Method {
  if (method === undefined) throw new FileError("EROFS");
  return method;
}

/** As many names as one answer holds. */
function listed(names: readonly string[], from: number): BackendAnswer {
  let end = from;
  for (let letters = 0; end < names.length && letters < LISTED_LETTERS; end++) {
    letters += names[end].length;
  }
  return { names: names.slice(from, end), hasMore: end < names.length };
}
