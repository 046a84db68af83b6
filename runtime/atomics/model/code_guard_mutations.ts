/** The orders of the code guard that its models remove, one at a time. */

/** Orders of guarding, decoding and storing. */
export type CodeGuardMutation =
  | "ticket drawn before CODE"
  | "no serve after RUNNING"
  | "RUNNING is a plain store"
  | "IDLE is a plain store"
  | "ACK is a plain store"
  | "ACK without dropping entries"
  | "states read before the request"
  | "a ticket being drawn counts as complete"
  | "guard tested after the bytes are read"
  | "provisional code survives FENCE.I"
  | "generation not compared at FENCE.I"
  | "generation not compared at region entry"
  | "bytes stored before begun"
  | "code bytes stored plainly"
  | "done not counted"
  | "begun read before done"
  | "generation read after the bytes"
  | "guard tested before the generation is read"
  | "generation read before the line bit"
  | "line tested once, done untouched"
  | "line tested only before done is lowered"
  | "done restored before begun"
  | "own entries kept when arming";

/** Orders of the release of a page. */
export type ReleaseMutation =
  | "released outside an exclusive section"
  | "back from IDLE inside a section"
  | "CODE cleared after begun and done"
  | "CODE cleared between begun and done"
  | "begun not raised by the release"
  | "done not raised by the release"
  | "done raised before begun by the release"
  | "line bits cleared by the release"
  | "ticket kept by the release"
  | "write entries kept after the release";

/** A mutation, or the protocol as it is. */
export type Mutation = CodeGuardMutation | ReleaseMutation | "none";
