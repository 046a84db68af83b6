/** CPU properties that programs ask for in their files: code that relies on them runs wrong without. */

import { elfFlags } from "../loader/elf.ts";
import type { BootableBoard } from "./bootable_board.ts";
import { ConfigurationError, type LoadedFile, type MachineDescription } from "./options.ts";

/**
 * The machine with the properties that its programs ask for. Throws ConfigurationError when one of them was
 * switched off.
 */
export function withProgramProperties(
  description: MachineDescription,
  board: BootableBoard,
): MachineDescription {
  const files = [description.kernel, description.bios].filter((file) => typeof file === "object");
  return files.reduce((machine, file) => withPropertiesOf(file, machine, board), description);
}

function withPropertiesOf(
  { name, bytes }: LoadedFile,
  description: MachineDescription,
  board: BootableBoard,
): MachineDescription {
  const wanted = board.programProperties(elfFlags(bytes));
  const { model, properties } = description.cpu;
  for (const property of Object.keys(wanted)) {
    if (properties[property] !== false) continue;
    throw new ConfigurationError({
      what: `-cpu ${model},${property}=off`,
      cause: `"${name}" says that its code needs ${property}`,
      fix: `leave ${property}=off out`,
    });
  }
  return { ...description, cpu: { model, properties: { ...properties, ...wanted } } };
}
