/** What a vCPU and the driver of its thread say to each other between two runs of guest code. */

/** What `Vcpu.attend` says besides milliseconds to sleep. */
export const Attention = {
  /** The hart has something to execute. */
  RUNS: 0,
  /** The machine has ended; the vCPU is IDLE for good. */
  ENDED: -1,
} as const;

/** How `Vcpu.run` came back. */
export const Departure = {
  /** The hart's turn goes on. */
  GOES_ON: 0,
  /** The hart gives its turn away: it spins. */
  TURN_OVER: 1,
  /** The hart has used its budget up, or wants a new one. */
  BUDGET_USED: 2,
  /** The hart waits for what is no business of the guest's: room for its output. */
  STALLS: 3,
} as const;

/** The shortest time that hosts let a thread sleep; who spins sleeps for it now and then. */
export const SHORTEST_SLEEP_MS = 0.05;
