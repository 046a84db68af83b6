/**
 * The built-in supervisor binary interface: version 2.0 of the specification, run by the machine itself
 * instead of firmware in guest memory. `ecall` from supervisor mode ends here when the machine has no
 * firmware of its own.
 *
 * Unknown extensions and functions answer "not supported" and nothing else happens, so a kernel that probes
 * gets the truth.
 */

import { BaseExtension } from "./base.ts";
import { DEBUG_CONSOLE_EXTENSION } from "./debug_console.ts";
import { HSM_EXTENSION } from "./hsm.ts";
import { IPI_EXTENSION } from "./ipi.ts";
import { PMU_EXTENSION } from "./pmu.ts";
import { RFENCE_EXTENSION } from "./rfence.ts";
import { SbiError } from "./sbi_codes.ts";
import { finish, type SbiExtension } from "./sbi_extension.ts";
import { ArgumentRegister, type SbiCaller, type SbiHost } from "./sbi_host.ts";
import { SYSTEM_RESET_EXTENSION } from "./system_reset.ts";
import { TIME_EXTENSION } from "./time.ts";

const EXTENSIONS: readonly SbiExtension[] = [
  TIME_EXTENSION,
  IPI_EXTENSION,
  RFENCE_EXTENSION,
  HSM_EXTENSION,
  SYSTEM_RESET_EXTENSION,
  PMU_EXTENSION,
  DEBUG_CONSOLE_EXTENSION,
];

/** The interface over one machine. */
export class SbiFirmware {
  readonly #host: SbiHost;
  readonly #extensions: ReadonlyMap<number, SbiExtension>;

  /**
   * Makes the interface of a machine.
   * @param host services of the machine
   */
  constructor(host: SbiHost) {
    this.#host = host;
    const base = new BaseExtension(EXTENSIONS.map(({ id }) => id));
    this.#extensions = new Map([base, ...EXTENSIONS].map((extension) => [extension.id, extension]));
  }

  /**
   * Carries out an `ecall`: extension id in a7, function id in a6, both 32 bits. Afterwards the caller goes on
   * behind the `ecall` unless a host service took the hart away (stop, suspend, reset).
   */
  call(caller: SbiCaller): void {
    const extension = this.#extensions.get(caller.low(ArgumentRegister.A7));
    if (extension === undefined) return finish(caller, SbiError.NOT_SUPPORTED);
    extension.call(caller.low(ArgumentRegister.A6), caller, this.#host);
  }
}
