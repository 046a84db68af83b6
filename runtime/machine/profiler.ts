/**
 * Main's side of a profile: takes the samples that vCPUs left (`sample_ring.ts`) out of their buffer now and then, gives
 * them names, and adds them up.
 */

import {
  createSampleBuffer,
  drainSamples,
  droppedSamples,
  takeIdle,
} from "../atomics/sample_ring.ts";
import { SampleField } from "../atomics/shared_layout.ts";
import { CallTree } from "../profile/call_tree.ts";
import { cpuProfile } from "../profile/cpu_profile.ts";
import { flameGraph } from "../profile/flame_graph.ts";
import { foldedStacks } from "../profile/folded_stacks.ts";
import { guestAddress } from "../profile/guest_address.ts";
import { stackFrames } from "../profile/stack_frames.ts";
import type { Symbols } from "../profile/symbols.ts";
import type { SampleNames } from "./bootable_board.ts";
import type { Profile } from "./machine_interface.ts";
import { SAMPLES_PER_SECOND } from "./sampler.ts";

/** Between two looks into the buffer, which holds the samples of half a second. */
const DRAIN_INTERVAL_MS = 100;
const IDLE_FRAMES: readonly string[] = ["idle"];
const USER_MARK = "u";

/** What a profiler is made of. */
export interface ProfilerParts {
  /** Number of harts. */
  readonly harts: number;
  /** Names of functions. */
  readonly symbols: Symbols;
  /** Names of the guest's privileges and address spaces. */
  readonly names: SampleNames;
  /** Called with the place in shared memory and the mode key of every sample, for the map of compiled code. */
  readonly counted: ((host: number, modeKey: number) => void) | null;
}

/** See the header of this file. */
export class Profiler {
  /** Where the vCPUs leave their samples. */
  readonly samples: Int32Array<SharedArrayBuffer>;
  readonly #parts: ProfilerParts;
  readonly #trees: readonly CallTree[];
  #idle = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** A profile with nothing in it. */
  constructor(parts: ProfilerParts) {
    this.#parts = parts;
    this.samples = createSampleBuffer(parts.harts);
    this.#trees = Array.from({ length: parts.harts }, (_, hart) => new CallTree(`hart ${hart}`));
  }

  /** Looks for samples from now on. */
  begin(): void {
    this.#timer = setInterval(() => this.#drain(), DRAIN_INTERVAL_MS);
    Deno.unrefTimer(Number(this.#timer));
  }

  /** No vCPU runs any more. */
  end(): void {
    clearInterval(this.#timer);
    this.#drain();
  }

  /** What was sampled up to now. */
  profile(): Profile {
    this.#drain();
    const trees = this.#trees;
    const samples = trees.reduce((sum, { root }) => sum + root.total, 0);
    const title = `${samples} samples, ${SAMPLES_PER_SECOND} in a second`;
    return {
      samplesPerSecond: SAMPLES_PER_SECOND,
      samples,
      idle: this.#idle,
      dropped: trees.reduce((sum, _, hart) => sum + droppedSamples(this.samples, hart), 0),
      notes: this.#parts.symbols.notes,
      folded: () => foldedStacks(trees),
      cpuProfile: () => cpuProfile(trees, SAMPLES_PER_SECOND),
      flameGraph: () => flameGraph(trees, title),
    };
  }

  #drain(): void {
    this.#trees.forEach((tree, hart) => {
      drainSamples(this.samples, hart, (sample) => this.#add(tree, sample));
      const idle = takeIdle(this.samples, hart);
      if (idle > 0) tree.add(IDLE_FRAMES, idle);
      this.#idle += idle;
    });
  }

  #add(tree: CallTree, sample: number): void {
    const { symbols, names, counted } = this.#parts;
    const word = (field: number): number => this.samples[sample + field];
    const address = (field: number): number => guestAddress(word(field), word(field + 1));
    const link = SampleField.ADDRESSES;
    const chain = Array.from(
      { length: word(SampleField.RETURNS) - 1 },
      (_, index) => address(link + 2 * (index + 1)),
    );
    const mark = names.privilegeMark(word(SampleField.PRIVILEGE));
    const stack = { pc: address(SampleField.PC), link: address(link), chain, mark };
    const frames = stackFrames(stack, symbols);
    if (mark === USER_MARK) {
      const space = names.addressSpace(word(SampleField.SPACE), word(SampleField.SPACE + 1));
      frames.unshift(`user ${space}`);
    }
    tree.add(frames, 1);
    counted?.(word(SampleField.HOST) >>> 0, word(SampleField.MODE_KEY));
  }
}
