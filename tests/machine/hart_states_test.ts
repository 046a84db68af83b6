/** "Hart State Management Extension": what harts say they are, and that one that has stopped is started again. */
import { assertEquals } from "@std/assert";
import { assemble } from "../../frontend/riscv/encoder.ts";
import { programMachine } from "../library/machine_fixture.ts";

const WORD_BYTES = 4;
const [A0, A1, A2, A6, A7, ROUNDS, LOOKS, WANTED] = [10, 11, 12, 16, 17, 8, 9, 18];
const HSM = 0x48534d;
const HsmFunction = { START: 0, STOP: 1, GET_STATUS: 2, SUSPEND: 3 } as const;
const SYSTEM_RESET = 0x53525354;
const ResetReason = { NONE: 0, SYSTEM_FAILURE: 1 } as const;
const OTHER = 1;
/** Looks at the other hart's state before the program gives up. */
const MOST_LOOKS = 0x100_0000;

/** Words with jumps to labels. */
class Program {
  readonly #words: ((at: number) => number)[] = [];
  readonly #labels = new Map<string, number>();

  label(name: string): this {
    this.#labels.set(name, this.#words.length);
    return this;
  }

  emit(name: string, fields: Record<string, number>): this {
    this.#words.push(() => assemble(name, fields));
    return this;
  }

  /** An instruction whose immediate is the way to a label, from itself or from so many words before. */
  to(label: string, name: string, fields: Record<string, number>, before = 0): this {
    this.#words.push((at) => {
      const target = this.#labels.get(label) ?? NaN;
      return assemble(name, { ...fields, imm: (target - at + before) * WORD_BYTES });
    });
    return this;
  }

  /** Loads a number of 31 bits. */
  load(rd: number, value: number): this {
    const low = (value << 20) >> 20;
    return this.emit("lui", { rd, imm: (value - low) | 0 }).emit("addi", { rd, rs1: rd, imm: low });
  }

  call(extension: number, number: number): this {
    return this.load(A7, extension).load(A6, number).emit("ecall", {});
  }

  reset(reason: number): this {
    return this.load(A0, 0).load(A1, reason).call(SYSTEM_RESET, 0);
  }

  build(): number[] {
    return this.#words.map((word, at) => word(at));
  }
}

/**
 * Hart 0 starts the other one, which makes a call at once, and waits until that one is in a state; all of it several
 * times. Then it powers off, or panics when something went wrong.
 */
function program(call: number, state: number, times: number): number[] {
  return new Program()
    .load(ROUNDS, times).load(WANTED, state)
    .label("round").load(A0, OTHER)
    .emit("auipc", { rd: A1, imm: 0 }).to("other", "addi", { rd: A1, rs1: A1 }, 1)
    .load(A2, 0).call(HSM, HsmFunction.START).to("fail", "bne", { rs1: A0, rs2: 0 })
    .load(LOOKS, MOST_LOOKS)
    .label("look").load(A0, OTHER).call(HSM, HsmFunction.GET_STATUS)
    .to("seen", "beq", { rs1: A1, rs2: WANTED })
    .emit("addi", { rd: LOOKS, rs1: LOOKS, imm: -1 }).to("look", "bne", { rs1: LOOKS, rs2: 0 })
    .label("fail").reset(ResetReason.SYSTEM_FAILURE)
    .label("seen").emit("addi", { rd: ROUNDS, rs1: ROUNDS, imm: -1 })
    .to("round", "bne", { rs1: ROUNDS, rs2: 0 }).reset(ResetReason.NONE)
    .label("other").load(A0, 0).call(HSM, call).label("on").to("on", "jal", { rd: 0 })
    .build();
}

const CASES = [
  { what: "a hart that stops is stopped, and started again", call: "STOP", state: 1, times: 20 },
  { what: "a hart that is suspended says so", call: "SUSPEND", state: 4, times: 1 },
] as const;

for (const { what, call, state, times } of CASES) {
  for (const thread of ["multi", "single"] as const) {
    Deno.test(`${what}, thread=${thread}`, async () => {
      const settings = { harts: 2, memory: "16M", firmware: "default", accel: { thread } } as const;
      const words = program(HsmFunction[call], state, times);
      await using machine = await programMachine(words, settings);
      await machine.start();
      assertEquals((await machine.exited).reason, "power-off");
    });
  }
}
