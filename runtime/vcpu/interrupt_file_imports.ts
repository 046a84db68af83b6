/** What a hart's control registers ask of its files for interrupts by message, as imports of the guest's functions. */
import type { InterruptFiles } from "../machine/board.ts";

/** A hart without files: its guest has no control register that asks. */
const NO_FILES: InterruptFiles = {
  read: () => 0,
  update: () => {},
  top: () => 0,
  claim: () => {},
};

/**
 * Makes the imports of a hart.
 * @param changed is called before a change: interrupt lines may follow it
 */
export function interruptFileImports(
  hart: number,
  files: InterruptFiles | null | undefined,
  changed: () => void,
): WebAssembly.ModuleImports {
  const own = files ?? NO_FILES;
  return {
    interrupt_file_read: (privilege: number, register: number) =>
      own.read(hart, privilege, register),
    interrupt_file_update: (
      privilege: number,
      register: number,
      set: number,
      clear: number,
    ) => {
      changed();
      own.update(hart, privilege, register, set, clear);
    },
    interrupt_file_top: (privilege: number) => own.top(hart, privilege),
    interrupt_file_claim: (privilege: number, identity: number) => {
      changed();
      own.claim(hart, privilege, identity);
    },
  };
}
