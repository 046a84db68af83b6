/** A file that cannot be loaded into guest memory: says which file and where in it the fault lies. */

import { UserError } from "../machine/user_error.ts";

/** A malformed or unsuitable kernel, firmware or disk image. */
export class LoadError extends UserError {
  /** Tells the class in messages and across module copies. */
  override readonly name = "LoadError";
  /** Name of the file. */
  readonly file: string;
  /** Byte offset of the fault in the file. */
  readonly offset: number;

  /** An error at `offset` of `file`. */
  constructor(file: string, offset: number, cause: string, fix: string) {
    super({ what: `${file}, byte ${offset}`, cause, fix });
    this.file = file;
    this.offset = offset;
  }
}
