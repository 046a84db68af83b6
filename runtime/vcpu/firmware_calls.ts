/** Environment calls: to the firmware that the emulator itself plays, or into the guest as the trap that they are. */
import type { TranslationFence } from "../atomics/translation_fences.ts";
import type { BoardDevices } from "../machine/board.ts";
import type { DeviceEntrance } from "./device_entrance.ts";
import type { FirmwareServices, Restart } from "./firmware_services.ts";
import type { HartWait } from "./hart_wait.ts";
import type { RemoteRequests } from "./remote_requests.ts";

/** What the calls of a vCPU need. */
export interface FirmwareCallsParts {
  /** What the board may ask of the vCPU. */
  readonly services: FirmwareServices;
  /** The board, which answers the calls. */
  readonly devices: BoardDevices;
  /** Does the emulator itself play the firmware? */
  readonly isBuiltIn: boolean;
  /** The way into the lock of all devices. */
  readonly entrance: DeviceEntrance;
  /** Requests to other harts, which are waited for. */
  readonly remote: RemoteRequests;
  /** What the hart waits for after the call. */
  readonly wait: HartWait;
  /** Enters the guest's trap handler. */
  readonly trap: (cause: number) => void;
  /** Does work that the hart asked of itself as well as of others. */
  readonly applyWork: (bits: number) => void;
  /** The same for a fence. */
  readonly applyFence: (fence: Readonly<TranslationFence>) => void;
  /** Starts the hart anew. */
  readonly startAt: (restart: Restart) => void;
}

/** See the header of this file. */
export class FirmwareCalls {
  readonly #parts: FirmwareCallsParts;

  /** Of one vCPU. */
  constructor(parts: FirmwareCallsParts) {
    this.#parts = parts;
  }

  /** Serves the call that guest code has just left for. */
  serve(): void {
    const { services: { registers }, isBuiltIn, trap } = this.#parts;
    const { cause, isForFirmware, length } = registers.environmentCall();
    if (!isBuiltIn || !isForFirmware || !this.#call()) return trap(cause);
    registers.advancePc(length);
    this.#carryOut();
  }

  /** @returns false when it is the guest's own business */
  #call(): boolean {
    const { devices, services, entrance } = this.#parts;
    entrance.enter();
    try {
      return devices.environmentCall(services);
    } finally {
      entrance.leave();
    }
  }

  /** What the call wished, now that the trampoline may wait. */
  #carryOut(): void {
    const { services, remote, wait, applyWork, applyFence, startAt } = this.#parts;
    applyWork(services.ownWork);
    if (services.ownFence !== null) applyFence(services.ownFence);
    if (services.hasRemoteRequest) remote.await(services.remoteTargets);
    const { restart, isSuspended, isStopped } = services;
    services.clear();
    if (isSuspended) wait.suspend(restart);
    else if (restart !== null) startAt(restart);
    if (isStopped) wait.stop();
  }
}
