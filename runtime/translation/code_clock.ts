/**
 * Which compiled code is given up when there is too much of it: a clock with a second chance.
 *
 * Its unit is the module, as the host frees no less. Modules stand in a queue by age. The oldest are *suspended*
 * before there is too much: vCPUs take their regions out of all that leads to them, but keep them. What is executed
 * again is soon hot, and the vCPU that puts it back asks for it as if it were not there; so its module is used, and
 * young again. The others are given up. Regions pay nothing for this while they run.
 */

/** Memory for compiled code, unless the user says otherwise: a hundred times what a boot of Linux takes. */
export const DEFAULT_CODE_BYTES = 256 * 1024 * 1024;

/** Bytes of host code for a byte of a module: in a boot 3.0 of baseline code, and 1.7 of optimized code. */
const HOST_EXPANSION = 5;

/** Above this share of the limit the oldest modules are suspended. */
const SUSPENDED_ABOVE = 0.75;
/** Above this one, modules are given up although they were used lately. */
const URGENT_ABOVE = 1.25;

interface ClockedModule {
  readonly bytes: number;
  /** Those of its regions that have not been retired. */
  readonly slots: Set<number>;
  /** Ticket of the message that suspended it. */
  ticket: number;
}

/** See the header of this file. */
export class CodeClock {
  readonly #limit: number;
  /** Modules in use, the oldest first. */
  readonly #young = new Set<ClockedModule>();
  /** Modules that are suspended, the one that was first comes first. */
  readonly #suspended = new Set<ClockedModule>();
  readonly #moduleOf = new Map<number, ClockedModule>();
  #bytes = 0;
  #youngBytes = 0;

  /** A clock that keeps code of about so many bytes on the host, with a quarter more for a moment. */
  constructor(codeBytes: number) {
    this.#limit = codeBytes / HOST_EXPANSION;
  }

  /** Bytes of all modules of which a region is left. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A module was made. */
  add(slots: readonly number[], bytes: number): void {
    const module = { bytes, slots: new Set(slots), ticket: 0 };
    for (const slot of slots) this.#moduleOf.set(slot, module);
    this.#bytes += bytes;
    this.#makeYoung(module);
  }

  /** A region is in use. */
  touch(slot: number): void {
    const module = this.#moduleOf.get(slot);
    if (module !== undefined && this.#suspended.delete(module)) this.#makeYoung(module);
  }

  /** Regions are no more; a module without any is no more either. */
  forget(slots: readonly number[]): void {
    for (const slot of slots) {
      const module = this.#moduleOf.get(slot);
      this.#moduleOf.delete(slot);
      module?.slots.delete(slot);
      if (module?.slots.size === 0) this.#drop(module);
    }
  }

  /**
   * Regions to be given up before a module of so many bytes is added: of modules whose suspension every vCPU has
   * heard of, if it is not urgent.
   */
  overdue(added: number, isAcknowledged: (ticket: number) => boolean): number[] {
    const given: number[] = [];
    let bytes = this.#bytes + added;
    for (const module of [...this.#suspended, ...this.#young]) {
      const isUrgent = bytes > this.#limit * URGENT_ABOVE;
      const isDue = this.#suspended.has(module) && isAcknowledged(module.ticket);
      if (bytes <= this.#limit || !(isUrgent || isDue)) break;
      given.push(...module.slots);
      bytes -= module.bytes;
    }
    return given;
  }

  /** Regions that the message with this ticket is to suspend. */
  suspend(ticket: number): number[] {
    const suspended: number[] = [];
    for (const module of this.#young) {
      if (this.#youngBytes <= this.#limit * SUSPENDED_ABOVE) break;
      this.#young.delete(module);
      this.#youngBytes -= module.bytes;
      module.ticket = ticket;
      this.#suspended.add(module);
      suspended.push(...module.slots);
    }
    return suspended;
  }

  #makeYoung(module: ClockedModule): void {
    this.#young.add(module);
    this.#youngBytes += module.bytes;
  }

  #drop(module: ClockedModule): void {
    this.#bytes -= module.bytes;
    if (this.#young.delete(module)) this.#youngBytes -= module.bytes;
    this.#suspended.delete(module);
  }
}
