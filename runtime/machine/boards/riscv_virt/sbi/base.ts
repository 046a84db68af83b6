/** "Base Extension": what this implementation is and which extensions it has. */

import type { SbiCaller, SbiHost } from "./sbi_host.ts";
import { ArgumentRegister } from "./sbi_host.ts";
import { SbiError, SbiExtensionId } from "./sbi_codes.ts";
import { finish, type SbiExtension, succeed } from "./sbi_extension.ts";

const BaseFunction = {
  SPECIFICATION_VERSION: 0,
  IMPLEMENTATION_ID: 1,
  IMPLEMENTATION_VERSION: 2,
  PROBE_EXTENSION: 3,
  MACHINE_VENDOR: 4,
  MACHINE_ARCHITECTURE: 5,
  MACHINE_IMPLEMENTATION: 6,
} as const;

/** Version 2.0: the major number stands above 24 bits of minor number. */
const SPECIFICATION_VERSION = 2 << 24;

/**
 * Why this number: ids are given out from 0 upwards by the specification's list, which does not have this
 * implementation. The ASCII letters "WEFT" are far outside, so no kernel takes it for another one and
 * applies that one's workarounds.
 */
const IMPLEMENTATION_ID = 0x57454654;
const IMPLEMENTATION_VERSION = 1;

/** The base extension over the ids of all extensions, itself included. */
export class BaseExtension implements SbiExtension {
  /** Extension id. */
  readonly id: number = SbiExtensionId.BASE;
  readonly #known: ReadonlySet<number>;

  /**
   * Makes the extension for an implementation with these others.
   * @param others ids of the other extensions
   */
  constructor(others: readonly number[]) {
    this.#known = new Set([SbiExtensionId.BASE, ...others]);
  }

  /** Carries out a function of the extension. */
  call(functionId: number, caller: SbiCaller, host: SbiHost): void {
    switch (functionId) {
      case BaseFunction.SPECIFICATION_VERSION:
        return succeed(caller, SPECIFICATION_VERSION);
      case BaseFunction.IMPLEMENTATION_ID:
        return succeed(caller, IMPLEMENTATION_ID);
      case BaseFunction.IMPLEMENTATION_VERSION:
        return succeed(caller, IMPLEMENTATION_VERSION);
      case BaseFunction.PROBE_EXTENSION:
        return succeed(caller, this.#known.has(caller.low(ArgumentRegister.A0)) ? 1 : 0);
      case BaseFunction.MACHINE_VENDOR:
        return succeed(caller, host.vendorId);
      case BaseFunction.MACHINE_ARCHITECTURE:
        return succeed(caller, host.architectureId);
      case BaseFunction.MACHINE_IMPLEMENTATION:
        return succeed(caller, host.implementationId);
      default:
        return finish(caller, SbiError.NOT_SUPPORTED);
    }
  }
}
