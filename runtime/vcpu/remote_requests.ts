/** Work that one vCPU asks of others and waits for (`remote_work.ts`), shown in its log. */
import type { ActivityLog } from "../atomics/activity_log.ts";
import { type HartSet, isRemoteDone, requestRemote, waitRemote } from "../atomics/remote_work.ts";
import { Activity, Happening } from "../atomics/shared_layout.ts";

/** What the requests of a vCPU are made of. */
export interface RequestParts {
  /** Shared memory. */
  readonly words: Int32Array;
  /** The hart. */
  readonly hart: number;
  /** Answers requests of others. */
  readonly serve: () => void;
  /** Where they are shown. */
  readonly log: ActivityLog;
}

/** See the header of this file. All methods are for the trampoline. */
export class RemoteRequests {
  readonly #parts: RequestParts;

  /** Requests of one vCPU. */
  constructor(parts: RequestParts) {
    this.#parts = parts;
  }

  /** Has the targets do work, bits of `RemoteWork`, and waits for it. The vCPU's own part is its own affair. */
  make(targets: Readonly<HartSet>, bits: number): void {
    const { words, hart } = this.#parts;
    requestRemote(words, hart, targets, bits);
    this.await(targets);
  }

  /** Waits for what the targets were asked for already. */
  await(targets: Readonly<HartSet>): void {
    const { words, hart, serve, log } = this.#parts;
    log.note(Happening.ASKS, targets.low, targets.high);
    if (isRemoteDone(words, hart, targets)) return;
    log.begin(Activity.AWAITS_HARTS);
    waitRemote(words, hart, targets, serve);
    log.end();
  }
}
