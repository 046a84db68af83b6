/** The boards by name. A board's definition, and with it its guest, is loaded when it is asked for. */

import type { BootableBoard } from "../bootable_board.ts";
import { AIA_CHOICES, type AiaChoice, boardName } from "../options.ts";

const virt = async (aia: AiaChoice): Promise<BootableBoard> =>
  (await import("./riscv_virt/definition.ts")).virtBoard(aia);

const BOARDS: ReadonlyMap<string, () => Promise<BootableBoard>> = new Map([
  ...AIA_CHOICES.map((aia) => [boardName("virt", aia), () => virt(aia)] as const),
  ["spike", async () => (await import("./spike/definition.ts")).SPIKE],
]);

/**
 * Loads a board by what `boardName` calls it.
 * @throws {RangeError} when there is none of that name: descriptions are checked before
 */
export async function loadBoard(name: string): Promise<BootableBoard> {
  const load = BOARDS.get(name);
  if (load === undefined) throw new RangeError(`Cannot load board "${name}": there is none`);
  return await load();
}
