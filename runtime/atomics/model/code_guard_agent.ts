/**
 * The steps of `code_guard.ts` as an agent of the model takes them, with every order that can be removed.
 */

import type { CodeGuardMutation, Mutation, ReleaseMutation } from "./code_guard_mutations.ts";
import { Attribute, Entry, History, Memory, Register, State } from "./code_guard_state.ts";
import { type Label, Program, type StoreOrder, type World } from "./program.ts";

/** One thread: a hart, or the compiler when its index is past the harts. Methods append its steps. */
export class Agent {
  readonly p = new Program();

  constructor(readonly me: number, readonly harts: number, readonly mutation: Mutation) {}

  is(mutation: CodeGuardMutation | ReleaseMutation): boolean {
    return this.mutation === mutation;
  }

  order(mutation: CodeGuardMutation): StoreOrder {
    return this.is(mutation) ? "plain" : "sc";
  }

  serve(): void {
    const { p, me } = this;
    const none = p.label("none");
    p.load("serve: request?", Memory.REQUEST, (r, v) => {
      if (v === r[Register.OWN_ACK]) return none;
      if (!this.is("ACK without dropping entries")) r[Register.TLB] = Entry.NONE;
      r[Register.OWN_ACK] = v;
      return undefined;
    });
    p.store(
      "serve: ACK",
      Memory.ACK + me,
      (r) => r[Register.OWN_ACK],
      this.order("ACK is a plain store"),
    );
    p.at(none);
  }

  idleAndBack(): void {
    this.p.store("IDLE", Memory.STATE + this.me, State.IDLE, this.order("IDLE is a plain store"));
    this.p.store(
      "RUNNING",
      Memory.STATE + this.me,
      State.RUNNING,
      this.order("RUNNING is a plain store"),
    );
    if (!this.is("no serve after RUNNING")) this.serve();
  }

  stop(): void {
    this.p.store("IDLE", Memory.STATE + this.me, State.IDLE, this.order("IDLE is a plain store"));
    this.p.end();
  }

  /** A guest store to the line: TLB, fast or guarded. */
  store(value: number): void {
    const { p } = this;
    const fast = p.label("fast");
    const slow = p.label("slow");
    const done = p.label("done");
    const byEntry = (entry: number): Label | void =>
      entry === Entry.FAST ? fast : entry === Entry.GUARDED ? slow : undefined;
    p.local((r) => byEntry(r[Register.TLB]));
    p.load("fill: attribute", Memory.ATTRIBUTE, (r, v) => {
      r[Register.TLB] = v === 0 ? Entry.FAST : Entry.GUARDED;
      return byEntry(r[Register.TLB]);
    });
    p.at(fast);
    p.store("fast store", Memory.BYTES, value, "plain");
    p.goto(done);
    p.at(slow);
    p.load(
      "guarded: attribute",
      Memory.ATTRIBUTE,
      (_r, v) => (v & Attribute.CODE) === 0 ? fast : undefined,
    );
    this.guardedStore(value);
    p.at(done);
    p.local((r) => {
      r[Register.OWN_STORE] = value;
    });
  }

  guardedStore(value: number): void {
    const { p } = this;
    const code = p.label("code");
    const beside = p.label("beside");
    const end = p.label("end");
    p.load("line is code?", Memory.LINE, (_r, v) => v !== 0 ? code : undefined);
    if (this.is("line tested once, done untouched")) {
      p.store("store beside code", Memory.BYTES, value);
      p.goto(end);
    } else {
      p.add("lower done", Memory.DONE, -1);
      if (this.is("line tested only before done is lowered")) p.goto(beside);
      p.load("line is code now?", Memory.LINE, (_r, v) => v === 0 ? beside : undefined);
      if (this.is("done restored before begun")) p.add("restore done", Memory.DONE, 1);
      p.add("begun", Memory.BEGUN, 1);
      if (!this.is("done restored before begun")) p.add("restore done", Memory.DONE, 1);
    }
    p.at(beside);
    p.store("store beside code", Memory.BYTES, value, this.order("code bytes stored plainly"));
    p.add("done", Memory.DONE, 1);
    p.goto(end);
    p.at(code);
    this.codeStore(value);
    p.at(end);
  }

  codeStore(value: number): void {
    const { p } = this;
    const order = this.order("code bytes stored plainly");
    if (this.is("bytes stored before begun")) p.store("code store", Memory.BYTES, value, order);
    p.add("begun", Memory.BEGUN, 1);
    if (!this.is("bytes stored before begun")) p.store("code store", Memory.BYTES, value, order);
    p.add("done", Memory.DONE, 1);
  }

  arm(): void {
    const { p } = this;
    const armed = p.label("armed");
    const drawTicket = () =>
      p.add("draw ticket", Memory.REQUEST, 1, (r, old) => {
        r[Register.SEEN] = old + 1;
      });
    p.load(
      "code page?",
      Memory.ATTRIBUTE,
      (_r, v) => (v & Attribute.CODE) !== 0 ? armed : undefined,
    );
    if (this.is("ticket drawn before CODE")) drawTicket();
    p.or(
      "set CODE",
      Memory.ATTRIBUTE,
      Attribute.CODE,
      (_r, old) => (old & Attribute.CODE) !== 0 ? armed : undefined,
    );
    if (!this.is("ticket drawn before CODE")) drawTicket();
    p.rmw(
      "enter ticket",
      Memory.ATTRIBUTE,
      (r, old) => old | r[Register.SEEN] << Attribute.TICKET_SHIFT,
    );
    p.at(armed);
    p.local((r) => {
      if (!this.is("own entries kept when arming")) r[Register.TLB] = Entry.NONE;
      r[Register.SEEN] = 0;
    });
  }

  /** PROVISIONAL := the guard is not complete. */
  testGuard(): void {
    const { p } = this;
    const end = p.label("end");
    p.load("guard: attribute", Memory.ATTRIBUTE, (r, v) => {
      r[Register.SEEN] = v >> Attribute.TICKET_SHIFT;
      const undrawn = r[Register.SEEN] === 0 && !this.is("a ticket being drawn counts as complete");
      if ((v & Attribute.CODE) !== 0 && !undrawn) return undefined;
      r[Register.PROVISIONAL] = 1;
      return end;
    });
    this.testTicket();
    p.at(end);
    p.local((r) => {
      r[Register.SEEN] = r[Register.COMPLETE] = 0;
    });
  }

  /** PROVISIONAL := the ticket in SEEN is not complete. */
  testTicket(): void {
    const { p } = this;
    const cached = p.label("cached");
    const early = this.is("states read before the request");
    p.load(
      "guard: completed?",
      Memory.COMPLETED,
      (r, v) => v >= r[Register.SEEN] ? cached : undefined,
    );
    if (early) this.scan();
    p.load("guard: request", Memory.REQUEST, (r, v) => {
      r[Register.COMPLETE] = early ? Math.min(r[Register.COMPLETE], v) : v;
    });
    if (!early) this.scan();
    p.rmw("guard: publish", Memory.COMPLETED, (r, old) => Math.max(old, r[Register.COMPLETE]));
    p.local((r) => {
      if (r[Register.COMPLETE] < r[Register.SEEN]) r[Register.PROVISIONAL] = 1;
    });
    p.at(cached);
  }

  /** COMPLETE := the least ticket that a running hart acknowledged. */
  scan(): void {
    const { p } = this;
    if (this.is("states read before the request")) {
      p.local((r) => {
        r[Register.COMPLETE] = 0xff;
      });
    }
    for (let hart = 0; hart < this.harts; hart++) {
      const next = p.label("next");
      p.load("guard: state", Memory.STATE + hart, (_r, v) => v === State.IDLE ? next : undefined);
      p.load("guard: ack", Memory.ACK + hart, (r, v) => {
        r[Register.COMPLETE] = Math.min(r[Register.COMPLETE], v);
      });
      p.at(next);
    }
  }

  /** PROVISIONAL := a store is in flight; RECORD_GENERATION := begun, unless the page was opened with one. */
  readGeneration(isOpened: boolean): void {
    const { p } = this;
    const done = () =>
      p.load("done?", Memory.DONE, (r, v) => {
        r[Register.DONE_SEEN] = v;
      });
    const begun = () =>
      p.load("begun?", Memory.BEGUN, (r, v) => {
        r[Register.BEGUN_SEEN] = v;
      });
    if (this.is("begun read before done")) begun();
    if (!this.is("done not counted")) done();
    if (!this.is("begun read before done")) begun();
    p.local((r) => {
      if (this.is("done not counted")) r[Register.DONE_SEEN] = r[Register.BEGUN_SEEN];
      if (r[Register.DONE_SEEN] !== r[Register.BEGUN_SEEN]) r[Register.PROVISIONAL] = 1;
      if (!isOpened) r[Register.RECORD_GENERATION] = r[Register.BEGUN_SEEN];
      r[Register.BEGUN_SEEN] = r[Register.DONE_SEEN] = 0;
    });
  }

  /** RECORD := 1 + the bytes; with their generation, or provisional. */
  decode(isOpened = false): void {
    const { p } = this;
    const markLine = () => p.or("mark line", Memory.LINE, 1);
    const bytes = () =>
      p.load("read bytes", Memory.BYTES, (r, v) => {
        r[Register.RECORD] = v + 1;
      });
    p.local((r) => {
      r[Register.PROVISIONAL] = 0;
    });
    if (!this.is("generation read before the line bit")) markLine();
    const late = this.is("generation read after the bytes");
    const early = this.is("guard tested before the generation is read");
    if (early) this.testGuard();
    if (!late) this.readGeneration(isOpened);
    if (this.is("generation read before the line bit")) markLine();
    if (!early && !this.is("guard tested after the bytes are read")) this.testGuard();
    bytes();
    if (this.is("guard tested after the bytes are read")) this.testGuard();
    if (late) this.readGeneration(isOpened);
  }

  /** Cold tier: decodes unless there is a record, executes it. */
  execute(): void {
    const { p } = this;
    const ready = p.label("ready");
    p.local((r) => r[Register.RECORD] !== 0 ? ready : undefined);
    this.arm();
    this.decode();
    p.at(ready);
    this.executeRecord();
  }

  executeRecord(): void {
    this.p.observe(
      "execute record",
      (r, world) => this.checkAge(r, world, r[Register.RECORD] - 1),
    );
  }

  /** Runs the published region if its generation stands, in the cold tier what there is none for. */
  executeRegion(): void {
    const done = this.p.label("done");
    this.tryRegion(done);
    this.execute();
    this.p.at(done);
  }

  /** Runs the published region if there is one and its generation stands, and goes to `done`. */
  tryRegion(done: Label): void {
    const { p } = this;
    const cold = p.label("cold");
    p.load("region?", Memory.REGION, (r, v) => {
      r[Register.SEEN] = v;
      return v === 0 ? cold : undefined;
    });
    p.load("region: generation", Memory.REGION_GENERATION, (r, v) => {
      r[Register.BEGUN_SEEN] = v;
    });
    if (!this.is("generation not compared at region entry")) {
      p.load(
        "region entry: begun?",
        Memory.BEGUN,
        (r, v) => v !== r[Register.BEGUN_SEEN] ? cold : undefined,
      );
    }
    p.observe("execute region", (r, world) => {
      this.checkAge(r, world, r[Register.SEEN] - 1);
      r[Register.SEEN] = r[Register.BEGUN_SEEN] = 0;
      return done;
    });
    p.at(cold);
    p.local((r) => {
      r[Register.SEEN] = r[Register.BEGUN_SEEN] = 0;
    });
  }

  checkAge(r: Uint8Array, world: World, value: number): void {
    const age = world.ghost[History.AGE + value];
    const needed = r[Register.NEEDED];
    if (needed !== 0) {
      const neededAge = world.ghost[History.AGE + needed];
      if (neededAge === 0 && value === needed) return;
      if (neededAge === 0 || age < neededAge) world.fail("STALE CODE: own store not seen");
    }
    if (age < world.ghost[History.FENCED + this.me]) world.fail("STALE CODE");
  }

  fenceI(): void {
    const { p } = this;
    const none = p.label("none");
    p.observe("FENCE.I", (r, world) => {
      world.ghost[History.FENCED + this.me] = world.ghost[History.COMMITS];
      r[Register.NEEDED] = r[Register.OWN_STORE];
      if (r[Register.RECORD] === 0) return none;
      if (r[Register.PROVISIONAL] === 0) return undefined;
      if (!this.is("provisional code survives FENCE.I")) r[Register.RECORD] = 0;
      return none;
    });
    if (!this.is("generation not compared at FENCE.I")) {
      p.load("FENCE.I: begun?", Memory.BEGUN, (r, v) => {
        if (v !== r[Register.RECORD_GENERATION]) r[Register.RECORD] = 0;
      });
    }
    p.at(none);
    p.local((r) => {
      if (r[Register.RECORD] === 0) r[Register.RECORD_GENERATION] = r[Register.PROVISIONAL] = 0;
    });
  }

  /** The compiler: publishes a region if the code is not provisional. */
  compile(): void {
    const { p } = this;
    const give = p.label("give up");
    this.decode();
    p.local((r) => r[Register.PROVISIONAL] !== 0 ? give : undefined);
    p.store("publish generation", Memory.REGION_GENERATION, (r) => r[Register.RECORD_GENERATION]);
    p.store("publish region", Memory.REGION, (r) => r[Register.RECORD]);
    p.at(give);
    p.end();
  }
}
