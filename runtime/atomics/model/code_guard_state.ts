/** The variables of the code guard model. */

/** Most harts in one scenario. */
export const MAX_HARTS = 3;
const VALUES = 5;

/** Shared bytes; STATE and ACK have one per hart. */
export const Memory = {
  BYTES: 0,
  ATTRIBUTE: 1,
  REQUEST: 2,
  BEGUN: 3,
  DONE: 4,
  LINE: 5,
  REGION: 6,
  REGION_GENERATION: 7,
  COMPLETED: 8,
  STATE: 9,
  ACK: 9 + MAX_HARTS,
  OWNER: 9 + 2 * MAX_HARTS,
  COUNT: 10 + 2 * MAX_HARTS,
} as const;

/** Values of Memory.STATE. */
export const State = { IDLE: 0, RUNNING: 1 } as const;

/** Memory.ATTRIBUTE: the CODE bit, then the ticket. */
export const Attribute = { CODE: 1, TICKET_SHIFT: 1 } as const;

/** Private variables: the write entry, the decode record, and what steps have seen. */
export const Register = {
  TLB: 0,
  OWN_ACK: 1,
  RECORD: 2,
  RECORD_GENERATION: 3,
  PROVISIONAL: 4,
  SEEN: 5,
  COMPLETE: 6,
  BEGUN_SEEN: 7,
  DONE_SEEN: 8,
  OWN_STORE: 9,
  NEEDED: 10,
  COUNT: 11,
} as const;

/** Values of Register.TLB. */
export const Entry = { NONE: 0, FAST: 1, GUARDED: 2 } as const;

/** History: stores committed, that number at each hart's fence, age of each stored value. */
export const History = {
  COMMITS: 0,
  FENCED: 1,
  AGE: 1 + MAX_HARTS,
  COUNT: 1 + MAX_HARTS + VALUES,
} as const;
