/** The boards by name. A board's definition, and with it its guest, is loaded when it is asked for. */

import type { BootableBoard } from "../bootable_board.ts";
import type { MachineName } from "../options.ts";

const BOARDS: Readonly<Record<MachineName, () => Promise<BootableBoard>>> = {
  virt: async () => (await import("./riscv_virt/definition.ts")).VIRT,
  spike: async () => (await import("./spike/definition.ts")).SPIKE,
};

function isMachineName(name: string): name is MachineName {
  return Object.hasOwn(BOARDS, name);
}

/**
 * Loads a board.
 * @throws {RangeError} when there is none of that name: descriptions are checked before
 */
export async function loadBoard(name: string): Promise<BootableBoard> {
  if (!isMachineName(name)) throw new RangeError(`Cannot load board "${name}": there is none`);
  return await BOARDS[name]();
}
