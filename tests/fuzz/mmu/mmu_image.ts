/** RAM of a script: driver, commands, stubs, tables and data. */
import {
  MENVCFG_ADUE,
  MENVCFG_PBMTE,
} from "../../../frontend/riscv/privileged/environment_bits.ts";
import { Status } from "../../../frontend/riscv/privileged/status_bits.ts";
import { assemble } from "../../../frontend/riscv/encoder.ts";
import { RAM_BYTES } from "../../differential/guest_layout.ts";
import { SeededRandom } from "../../differential/seeded_random.ts";
import { Command, CommandField, driverCode, MOST_COMMANDS } from "./mmu_driver.ts";
import {
  AnchorEntry,
  Entry,
  FetchTarget,
  Frame,
  frameAddress,
  frameNumber,
  PAGE_BYTES,
  ramOffset,
  stubBase,
} from "./mmu_layout.ts";
import type { Fence, MmuScript, MmuStep } from "./mmu_script.ts";
import { stubCode, stubOffset } from "./stubs.ts";

const WORD_BYTES = 8;
const WIDTHS = 0xa_0000_0000n;
const PREVIOUS_SUPERVISOR = 1n << 11n;
const RETURN = 0x8082;

/** Operands of a command: number, two values, and of an access status and address of its code. */
type CommandWords = readonly bigint[];

/** The commands of a script, and which of them each access is. */
export interface ScriptCommands {
  readonly commands: readonly CommandWords[];
  /** Index of the command of each access, in order. */
  readonly accesses: readonly number[];
}

function fenceCommands(fence: Fence | null): CommandWords[] {
  if (fence === null) return [];
  const { address, space } = fence;
  const command = address === null
    ? (space === null ? Command.FENCE_ALL : Command.FENCE_SPACE)
    : (space === null ? Command.FENCE_ADDRESS : Command.FENCE_BOTH);
  return [[BigInt(command), address ?? 0n, space ?? 0n]];
}

const FENCE_ALL: Fence = { address: null, space: null };

function accessCommand(step: Extract<MmuStep, { kind: "access" }>, isBare: boolean): CommandWords {
  const { stub, privilege, sum, mxr, modifies, address, value } = step;
  const status = WIDTHS | (privilege === "supervisor" ? PREVIOUS_SUPERVISOR : 0n) |
    (sum ? Status.SUM : 0n) | (mxr ? Status.MXR : 0n) | (modifies ? Status.MPRV : 0n);
  const base = modifies || isBare ? frameAddress(Frame.STUBS) : stubBase(privilege);
  const pc = base + BigInt(stubOffset(stub, { ...step, isBare }));
  const command = modifies ? Command.MODIFIED_ACCESS : Command.ACCESS;
  return [BigInt(command), value, address, status, pc];
}

/** Commands of the steps. */
export function scriptCommands(steps: readonly MmuStep[]): ScriptCommands {
  const commands: CommandWords[] = [];
  const accesses: number[] = [];
  let isBare = true;
  for (const step of steps) {
    switch (step.kind) {
      case "entry":
        commands.push(
          [BigInt(Command.WRITE), step.address, step.value],
          ...fenceCommands(step.fence),
        );
        break;
      case "space":
        isBare = step.satp === 0n;
        commands.push([BigInt(Command.SATP), step.satp], ...fenceCommands(step.fence));
        break;
      case "protection":
        step.addresses.forEach((address, index) =>
          commands.push([BigInt(Command.PMP_ADDRESS_0 + index), address])
        );
        commands.push(
          [BigInt(Command.PMP_CONFIGURATION), step.configuration | LAST_CONFIGURATION],
          ...fenceCommands(FENCE_ALL),
        );
        break;
      case "environment":
        commands.push(
          [
            BigInt(Command.ENVIRONMENT),
            (step.updates ? MENVCFG_ADUE : 0n) | (step.types ? MENVCFG_PBMTE : 0n),
          ],
          ...fenceCommands(FENCE_ALL),
        );
        break;
      case "access":
        accesses.push(commands.length);
        commands.push(accessCommand(step, isBare));
    }
  }
  if (commands.length >= MOST_COMMANDS) throw new RangeError("The script is too long");
  return { commands, accesses };
}

/** Configuration of the fourth protection entry, which allows everything. */
export const LAST_CONFIGURATION = 0x1f00_0000n;

/** Random data, with code at fixed places of every frame. */
function writeData(view: DataView, seed: number): void {
  const random = new SeededRandom(seed);
  const end = Frame.LIMIT * PAGE_BYTES;
  for (let at = Frame.DATA * PAGE_BYTES; at < end; at += WORD_BYTES) {
    view.setBigUint64(at, BigInt.asUintN(64, random.register()), true);
  }
  const straddling = assemble("addi", { rd: 12, rs1: 12, imm: FetchTarget.STRADDLING_NUMBER });
  for (let frame = Frame.DATA; frame < Frame.LIMIT; frame++) {
    const at = frame * PAGE_BYTES;
    view.setUint32(
      at + FetchTarget.INSIDE,
      assemble("addi", { rd: 12, rs1: 12, imm: frame }),
      true,
    );
    view.setUint16(at + FetchTarget.INSIDE + 4, RETURN, true);
    view.setUint16(at + FetchTarget.STRADDLING, straddling & 0xffff, true);
    view.setUint16(at, straddling >>> 16, true);
    view.setUint16(at + 2, RETURN, true);
  }
}

/** Tables through which the stubs are mapped: alike in all address spaces, and the supervisor's are global. */
function writeAnchor(view: DataView): void {
  const put = (frame: number, index: number, value: bigint): void =>
    view.setBigUint64(frame * PAGE_BYTES + index * WORD_BYTES, value, true);
  const pointer = (frame: number): bigint =>
    (frameNumber(frame) << Entry.NUMBER_SHIFT) | Entry.VALID;
  const leaf = pointer(Frame.STUBS) | Entry.READ | Entry.EXECUTE | Entry.ACCESSED;
  put(Frame.ANCHOR, AnchorEntry.USER, pointer(Frame.USER_LEAVES));
  put(Frame.ANCHOR, AnchorEntry.SUPERVISOR, pointer(Frame.SUPERVISOR_LEAVES));
  put(Frame.USER_LEAVES, Frame.STUBS, leaf | Entry.USER);
  put(Frame.SUPERVISOR_LEAVES, Frame.STUBS, leaf | Entry.GLOBAL);
}

/** RAM before the script starts. */
export function scriptImage({ seed, entries, steps }: MmuScript): Uint8Array {
  const image = new Uint8Array(RAM_BYTES);
  const view = new DataView(image.buffer);
  image.set(driverCode(), Frame.DRIVER * PAGE_BYTES);
  image.set(stubCode(), Frame.STUBS * PAGE_BYTES);
  writeData(view, seed);
  writeAnchor(view);
  for (const [address, value] of entries) view.setBigUint64(ramOffset(address), value, true);
  scriptCommands(steps).commands.forEach((words, index) => {
    const at = Frame.SCRIPT * PAGE_BYTES + index * CommandField.BYTES;
    words.forEach((word, i) =>
      view.setBigUint64(at + i * WORD_BYTES, BigInt.asUintN(64, word), true)
    );
  });
  return image;
}
