/**
 * The release of a code page, in the exclusive section that it needs: every trampoline of these agents may
 * find the machine owned, and then stands IDLE until the section is over. How the owner is woken and how two
 * requesters meet is `exclusive_model.ts`'s subject; here waits are loops of loads.
 *
 * The owner's request to drop write entries may arrive at any time, and only makes stores fast again. So an
 * agent drops its entry whenever it comes back from a section: the fast entry that it makes next is the
 * sharpest case for whoever arms the page anew.
 */

import { Agent } from "./code_guard_agent.ts";
import { Attribute, Entry, Memory, Register, State } from "./code_guard_state.ts";
import { KEEP } from "./program.ts";

/** An agent of a machine in which pages are released. */
export class ReleasingAgent extends Agent {
  override serve(): void {
    const free = this.p.label("free");
    this.p.load("trampoline: owner?", Memory.OWNER, (_r, v) => v === 0 ? free : undefined);
    this.#park();
    this.p.at(free);
    super.serve();
  }

  override idleAndBack(): void {
    this.#idle();
    this.#toRunning();
    super.serve();
  }

  /** Makes the page an ordinary one. */
  release(): void {
    const isAlone = !this.is("released outside an exclusive section");
    if (isAlone) this.#beginExclusive();
    const { p } = this;
    const steps: Readonly<Record<Step, () => void>> = {
      code: () => p.rmw("release: clear CODE", Memory.ATTRIBUTE, (_r, old) => this.#released(old)),
      begun: () => p.add("release: begun", Memory.BEGUN, 1),
      done: () => p.add("release: done", Memory.DONE, 1),
    };
    for (const step of this.#order()) steps[step]();
    if (this.is("line bits cleared by the release")) p.store("release: lines", Memory.LINE, 0);
    if (isAlone) p.store("end section", Memory.OWNER, 0);
    this.#dropEntry();
  }

  /** Opens the page, as a decoder does before it decodes the first of its lines, or another one. */
  open(): void {
    this.arm();
    this.p.load("open: begun?", Memory.BEGUN, (r, v) => {
      r[Register.RECORD_GENERATION] = v;
    });
  }

  /** Decodes and executes in an open page, armed or not. */
  executeOpened(): void {
    this.decode(true);
    this.executeRecord();
  }

  /** Runs the published region, if it may, and ends. */
  endWithRegion(): void {
    const done = this.p.label("done");
    this.tryRegion(done);
    this.p.at(done);
    this.stop();
  }

  #order(): readonly Step[] {
    if (this.is("CODE cleared after begun and done")) return ["begun", "done", "code"];
    if (this.is("CODE cleared between begun and done")) return ["begun", "code", "done"];
    if (this.is("done raised before begun by the release")) return ["code", "done", "begun"];
    if (this.is("begun not raised by the release")) return ["code"];
    if (this.is("done not raised by the release")) return ["code", "begun"];
    return ["code", "begun", "done"];
  }

  #released(attribute: number): number {
    return this.is("ticket kept by the release") ? attribute & ~Attribute.CODE : 0;
  }

  #beginExclusive(): void {
    const { p, me } = this;
    const again = p.label("again");
    const won = p.label("won");
    p.at(again);
    p.rmw(
      "claim",
      Memory.OWNER,
      (_r, old) => old === 0 ? me + 1 : KEEP,
      (_r, old) => old === 0 ? won : undefined,
    );
    this.#park();
    super.serve();
    p.goto(again);
    p.at(won);
    for (let hart = 0; hart < this.harts; hart++) {
      if (hart !== me) this.#await(Memory.STATE + hart, State.IDLE);
    }
  }

  #park(): void {
    this.#idle();
    this.#await(Memory.OWNER, 0);
    this.#toRunning();
    this.#dropEntry();
  }

  #idle(): void {
    this.p.store("IDLE", Memory.STATE + this.me, State.IDLE);
  }

  #toRunning(): void {
    const { p, me } = this;
    const again = p.label("again");
    const run = p.label("run");
    p.at(again);
    p.store("RUNNING", Memory.STATE + me, State.RUNNING);
    if (!this.is("back from IDLE inside a section")) {
      p.load("RUNNING: owner?", Memory.OWNER, (_r, v) => v === 0 ? run : undefined);
      this.#idle();
      this.#await(Memory.OWNER, 0);
      p.goto(again);
    }
    p.at(run);
  }

  #await(address: number, expected: number): void {
    const again = this.p.label("again");
    this.p.at(again);
    this.p.load("await", address, (_r, v) => v === expected ? undefined : again);
  }

  #dropEntry(): void {
    if (this.is("write entries kept after the release")) return;
    this.p.local((r) => {
      r[Register.TLB] = Entry.NONE;
    });
  }
}

type Step = "code" | "begun" | "done";
