/**
 * A machine with the laboratory's guest program: code is put into its memory, jobs are started by a word in
 * it, and results are read from it. The machine is the one that users get, with its workers and its compiler.
 */
import { GUEST_RAM_OFFSET } from "../../../runtime/atomics/shared_layout.ts";
import { planImages } from "../../../runtime/machine/image_plan.ts";
import { machineParts } from "../../../runtime/machine/machine.ts";
import type { MachineStatistics } from "../../../runtime/machine/machine_interface.ts";
import { readStatistics } from "../../../runtime/machine/machine_statistics.ts";
import { describeMachine } from "../../../runtime/machine/options.ts";
import { PowerCycle } from "../../../runtime/machine/power_cycle.ts";
import { driverImage, Signal } from "../guest/driver.ts";
import {
  addressOf,
  Area,
  BATCH_SLOTS,
  HartBlock,
  Mailbox,
  RAM_BYTES,
  THREAD_LIMIT,
} from "../guest/guest_layout.ts";
import { accelOptions, type Configuration } from "./configuration.ts";

const PAGE_BYTES = 0x1000;
const ORDER_BYTES = BATCH_SLOTS * 8;

/** What a test needs of a machine. */
export interface MachineNeeds {
  readonly harts: number;
  /** Do the harts run with page tables? */
  readonly isTranslated: boolean;
  /** Does software set accessed and dirty bits? */
  readonly leavesBitsToSoftware: boolean;
}

/** What one hart does in a job. */
export interface HartJob {
  /** Addresses of code. */
  readonly run: bigint;
  readonly reset: bigint;
  readonly collect: bigint;
  /** Where its registers go. */
  readonly results: bigint;
  /** Where the final values of its share go. */
  readonly finals: bigint;
  /** Slots of its share: the first, and the one behind the last. */
  readonly share: readonly [number, number];
}

/** Instructions of all harts, and those of them that regions executed. */
export interface HotCounts {
  readonly instructions: number;
  readonly inRegions: number;
}

/** A job. */
export interface Job {
  /** What each hart does; null for those that have no part. */
  readonly harts: readonly (HartJob | null)[];
  readonly batches: number;
  /** Times that a hart gives way in a batch while it waits for the others. */
  readonly patience: number;
  /** Bytes of the final values of one batch. */
  readonly finalsBytes: number;
  /** Slots in the order of the iterations, as offsets in RAM. */
  readonly order: Uint32Array;
  /** A row of start delays for each hart. */
  readonly skews: readonly Uint32Array[];
}

/** See the header of this file. */
export class LaboratoryMachine {
  readonly configuration: Configuration;
  readonly harts: number;
  readonly #cycle: PowerCycle;
  readonly #words: Int32Array;
  readonly #wide: BigInt64Array;
  readonly #signals: ReadableStreamDefaultReader<Uint8Array>;
  #codeEnd: number = Area.CODE;
  #generation = 0;

  private constructor(
    configuration: Configuration,
    harts: number,
    cycle: PowerCycle,
    memory: WebAssembly.Memory,
    signals: ReadableStreamDefaultReader<Uint8Array>,
  ) {
    this.configuration = configuration;
    this.harts = harts;
    this.#cycle = cycle;
    this.#words = new Int32Array(memory.buffer);
    this.#wide = new BigInt64Array(memory.buffer);
    this.#signals = signals;
  }

  /** Builds a machine and starts it. */
  static async start(
    configuration: Configuration,
    { harts, isTranslated, leavesBitsToSoftware }: MachineNeeds,
  ): Promise<LaboratoryMachine> {
    const description = describeMachine({
      machine: "virt",
      harts,
      memoryBytes: RAM_BYTES,
      bios: { name: "laboratory", bytes: driverImage(ORDER_BYTES, isTranslated) },
      cpu: { ztso: configuration.model === "TSO", svade: leavesBitsToSoftware },
      accel: accelOptions(configuration),
    });
    const parts = await machineParts(description);
    const cycle = new PowerCycle(parts, await planImages(description, parts.board), 1);
    await cycle.ready();
    cycle.start();
    const signals = parts.console.readable.getReader();
    return new LaboratoryMachine(configuration, harts, cycle, parts.memory, signals);
  }

  /** Ends the machine. */
  async stop(): Promise<void> {
    this.#cycle.stop();
    await this.#cycle.ended;
  }

  /** Puts code on pages that never held any. @returns its guest address */
  place(code: Uint32Array): bigint {
    const offset = this.#codeEnd;
    this.#codeEnd += Math.ceil(code.byteLength / PAGE_BYTES) * PAGE_BYTES;
    if (this.#codeEnd > Area.SLOTS) throw new RangeError("Cannot place code: its area is full");
    this.#words.set(new Int32Array(code.buffer), (GUEST_RAM_OFFSET + offset) >> 2);
    return addressOf(offset);
  }

  /** The machine's memory. */
  get words(): Int32Array {
    return this.#words;
  }

  /** Regions compiled so far. */
  get regions(): number {
    return this.#statistics().regions;
  }

  /** Share of instructions executed in regions, since the machine started. */
  hotCounts(): HotCounts {
    const { harts } = this.#statistics();
    return {
      instructions: harts.reduce((sum, hart) => sum + hart.instructions, 0),
      inRegions: harts.reduce((sum, hart) => sum + hart.hotInstructions, 0),
    };
  }

  #statistics(): MachineStatistics {
    const counted = { words: this.#words, hartCount: this.harts, timesHolds: false };
    return readStatistics(counted, 1, {
      drives: [],
      networks: [],
      entropy: [],
      shares: [],
      consoles: [],
    });
  }

  /** Runs a job to its end. */
  async run(job: Job): Promise<void> {
    this.#prepare(job);
    const mailbox = (GUEST_RAM_OFFSET + Area.MAILBOX) >> 2;
    Atomics.store(this.#words, mailbox + (Mailbox.GENERATION >> 2), ++this.#generation);
    const { value } = await this.#signals.read();
    if (value?.[0] === Signal.DONE) return;
    const cause = this.#wide[(mailbox * 4 + Mailbox.TRAP_CAUSE) >> 3];
    const pc = BigInt.asUintN(64, this.#wide[(mailbox * 4 + Mailbox.TRAP_PC) >> 3]);
    throw new Error(
      value === undefined
        ? "the machine has ended in the middle of a job"
        : `the guest trapped: cause ${cause} at 0x${pc.toString(16)}`,
    );
  }

  #prepare({ harts, batches, patience, finalsBytes, order, skews }: Job): void {
    const mailbox = (GUEST_RAM_OFFSET + Area.MAILBOX) >> 2;
    const parties = harts.filter((hart) => hart !== null).length;
    this.#words[mailbox + (Mailbox.PARTIES >> 2)] = parties;
    this.#words[mailbox + (Mailbox.ARRIVED >> 2)] = 0;
    this.#words[mailbox + (Mailbox.PHASE >> 2)] = 0;
    this.#words[mailbox + (Mailbox.FINISHED >> 2)] = 0;
    const meetings = mailbox + (Mailbox.MEETINGS >> 2);
    this.#words.fill(0, meetings, meetings + THREAD_LIMIT * (Mailbox.MEETING_BYTES >> 2));
    const table = (GUEST_RAM_OFFSET + Area.ORDER) >> 3;
    order.forEach((offset, index) => this.#wide[table + index] = addressOf(offset));
    harts.forEach((job, hart) => {
      this.#words.set(
        skews[hart],
        (GUEST_RAM_OFFSET + Area.SKEWS >> 2) + hart * skews[hart].length,
      );
      this.#prepareHart(hart, job, {
        batches,
        patience,
        finalsBytes,
        skewBytes: skews[hart].byteLength,
      });
    });
  }

  #prepareHart(
    hart: number,
    job: HartJob | null,
    { batches, patience, finalsBytes, skewBytes }: Record<
      "batches" | "patience" | "finalsBytes" | "skewBytes",
      number
    >,
  ): void {
    const block = (GUEST_RAM_OFFSET + Area.HARTS + hart * HartBlock.BYTES) >> 3;
    const set = (field: number, value: bigint): void => {
      this.#wide[block + (field >> 3)] = value;
    };
    set(HartBlock.ACTIVE, job === null ? 0n : 1n);
    if (job === null) return;
    set(HartBlock.RUN, job.run);
    set(HartBlock.RESET, job.reset);
    set(HartBlock.COLLECT, job.collect);
    set(HartBlock.RESULTS, job.results);
    set(HartBlock.FINALS, job.finals);
    set(HartBlock.FINALS_STEP, BigInt(finalsBytes));
    set(HartBlock.BATCHES, BigInt(batches));
    set(HartBlock.SKEW, addressOf(Area.SKEWS + hart * skewBytes));
    set(HartBlock.PHASE, 0n);
    set(HartBlock.MEETING, 0n);
    set(HartBlock.PATIENCE, BigInt(patience));
    set(HartBlock.SHARE_START, addressOf(Area.ORDER + job.share[0] * 8));
    set(HartBlock.SHARE_END, addressOf(Area.ORDER + job.share[1] * 8));
  }
}
