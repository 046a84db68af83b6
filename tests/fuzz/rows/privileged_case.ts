/**
 * Cases of instructions that work on privileged state: all of the hart's state is given, one instruction is
 * executed, and all of the state is compared. They run in the cold tier, in regions and in the reference
 * interpreter; a process under QEMU has no such state.
 *
 * No interrupt is enabled, so that the instruction's own effect is all there is, and translation is off: the MMU
 * fuzzer has both.
 */
import { CSR_NAMES } from "../../../frontend/riscv/csr_names.ts";
import { encode, type OperandFields } from "../../../frontend/riscv/encoder.ts";
import { SeededRandom } from "../../differential/seeded_random.ts";
import { Page, physical } from "../../differential/guest_layout.ts";
import { FormReader, type InstructionForm } from "./instruction_forms.ts";
import { integerOperands } from "./operand_values.ts";

/** Elements of the state: slot, index, value. */
export type StateList = readonly (readonly [slot: string, index: number, value: bigint])[];

/** An instruction in one mode, with the states it starts from. */
export interface PrivilegedSite {
  /** The form's mnemonic. */
  readonly name: string;
  /** Bits of the instruction. */
  readonly bits: number;
  /** Its address. */
  readonly pc: number;
  /** The states. */
  readonly cases: readonly StateList[];
}

/** The register that holds the address of the device, at which every case ends. */
export const DEVICE_REGISTER = 28;
/** Bytes from one site to the next. */
const SITE_BYTES = 16;
const WORD_BYTES = 4;
const REGISTERS = 32;
const TRIES = 50;
const NO_DEADLINE = 0x7fff_ffff_ffff_ffffn;
const Privilege = { USER: 0n, SUPERVISOR: 1n, MACHINE: 3n } as const;
const Status = {
  WIDTHS: 0xa_0000_0000n,
  PREVIOUS: 0x1888n | 0x120n,
  SIE_MIE: 0xan,
  FLOAT: 0x6000n,
  RIGHTS: (1n << 18n) | (1n << 19n),
  TRAPS: 0x70_0000n,
} as const;
const EXTERNAL_AND_TIMER = 0x220n;
const ALL_RIGHTS = 0x1fn;
const ALL_MEMORY = (1n << 54n) - 1n;

/** Control registers whose value is the host's, or whose write starts what this does not model. */
const LEFT_OUT: ReadonlySet<string> = new Set(["time", "satp", "stimecmp"]);
/** Registers that go on counting between the instruction and the end. */
const COUNTERS = /^(m?cycle|m?instret|m?hpmcounter\d+)$/;

/** Where all cases end. */
export function endAddress(index: number): number {
  return physical(Page.HANDLER) + WORD_BYTES * index;
}

/** Number of places where cases may end. */
export const END_PLACES = 8;

/** Makes the sites of privileged forms. */
export class PrivilegedGenerator {
  readonly #random: SeededRandom;
  readonly #reader = new FormReader();
  readonly #csrs: readonly number[];

  /** The same seed makes the same sites. */
  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    this.#csrs = [...CSR_NAMES].filter(([, name]) => !LEFT_OUT.has(name) && !COUNTERS.test(name))
      .map(([number]) => number);
  }

  /** Sites of a form. */
  sites(form: InstructionForm, sites: number, casesPerSite: number): PrivilegedSite[] {
    return Array.from({ length: sites }, (_, index) => {
      const bits = this.#encode(form);
      const pc = physical(Page.CODE) + SITE_BYTES * index;
      const mode = this.#mode(form);
      const cases = Array.from({ length: casesPerSite }, () => this.#state(form, pc, mode));
      return { name: form.name, bits, pc, cases };
    });
  }

  #encode(form: InstructionForm): number {
    const random = this.#random;
    for (let time = 0; time < TRIES; time++) {
      const pattern = random.pick(form.patterns);
      const fields: OperandFields = {};
      for (const { name } of pattern.fields) {
        fields[name] = name === "imm" ? this.#csr() : this.#register();
      }
      const bits = encode(pattern, fields);
      if (this.#reader.isOfForm(bits, form)) return bits;
    }
    throw new Error(`Cannot encode ${form.name}`);
  }

  #register(): number {
    const register = this.#random.chance(20) ? 0 : this.#random.below(REGISTERS);
    return register === DEVICE_REGISTER ? 0 : register;
  }

  #csr(): number {
    return this.#random.chance(92) ? this.#random.pick(this.#csrs) : this.#unnamedCsr();
  }

  #unnamedCsr(): number {
    for (;;) {
      const number = this.#random.below(4096);
      const name = CSR_NAMES.get(number);
      if (name === undefined) return number;
    }
  }

  /** What regions may assume of a case: the same for all of a site. */
  #mode({ name }: InstructionForm): { readonly privilege: bigint; readonly status: bigint } {
    const random = this.#random;
    const privilege = random.pick(
      name === "wfi"
        ? [Privilege.MACHINE, Privilege.SUPERVISOR]
        : [Privilege.MACHINE, Privilege.MACHINE, Privilege.SUPERVISOR, Privilege.USER],
    );
    return { privilege, status: random.chance(80) ? Status.FLOAT : 0n };
  }

  #state(
    { name }: InstructionForm,
    pc: number,
    { privilege, status }: { readonly privilege: bigint; readonly status: bigint },
  ): StateList {
    const random = this.#random;
    const bits = (mask: bigint): bigint => integerOperands(random, 1)[0] & mask;
    const end = (): bigint => BigInt(endAddress(random.below(END_PLACES)));
    const wakes = name === "wfi" ? EXTERNAL_AND_TIMER : 0n;
    const values = integerOperands(random, REGISTERS);
    const previous = bits(Status.PREVIOUS);
    const legalPrevious = (previous & 0x1800n) === 0x1000n ? previous | 0x800n : previous;
    return [
      ["pc", 0, BigInt(pc)],
      ["privilege", 0, privilege],
      [
        "mstatus",
        0,
        Status.WIDTHS | status | legalPrevious | bits(Status.RIGHTS) | bits(Status.TRAPS),
      ],
      ...values.map((value, index) => ["x", index, index === 0 ? 0n : value] as const),
      ["x", DEVICE_REGISTER, 0x1000_0000n],
      ["fflags", 0, BigInt(random.below(32))],
      ["mtvec", 0, end()],
      ["stvec", 0, end()],
      ["mepc", 0, end()],
      ["sepc", 0, end()],
      ["medeleg", 0, bits(0xb3ffn)],
      ["mideleg", 0, 0x222n],
      ["mie", 0, wakes],
      ["mip_software", 0, wakes],
      ["mcounteren", 0, bits(0xffff_ffffn)],
      ["scounteren", 0, bits(0xffff_ffffn)],
      ["menvcfg", 0, 0n],
      ["mscratch", 0, bits(~0n)],
      ["sscratch", 0, bits(~0n)],
      ["mcause", 0, bits(0xfn)],
      ["scause", 0, bits(0xfn)],
      ["stimecmp", 0, NO_DEADLINE],
      ["supervisor_deadline", 0, NO_DEADLINE],
      ["pmpaddr", 0, ALL_MEMORY],
      ["pmpcfg", 0, ALL_RIGHTS],
    ];
  }
}
