/** What a vCPU is made of: its place in the machine, and what the machine wants of it. */
import type { GuestFrontend } from "../../frontend/frontend.ts";
import type { EventBuffer } from "../atomics/event_ring.ts";
import type { LockSettings } from "../devices/big_lock.ts";
import type { BoardDevices } from "../machine/board.ts";
import type { GuestClock } from "../machine/clock.ts";
import type { DecodedPages } from "./decoded_pages.ts";
import type { ModuleSource } from "./region_installer.ts";

/** What a vCPU is made of. */
export interface VcpuParts {
  /** Index of the hart. */
  readonly hart: number;
  /** The machine's memory. */
  readonly ram: WebAssembly.Memory;
  /** The guest. */
  readonly frontend: GuestFrontend;
  /** The compiled cold tier. */
  readonly coldTier: WebAssembly.Module;
  /** The cold tier that replays regions in check mode; null when regions are not checked. */
  readonly replayTier: WebAssembly.Module | null;
  /** The board's devices as this worker sees them. */
  readonly devices: BoardDevices;
  /** Guest time. */
  readonly clock: GuestClock;
  /** Guest physical address of RAM, and its size in bytes. */
  readonly ramRange: { readonly base: number; readonly bytes: number };
  /** Does the emulator itself play the firmware? */
  readonly hasBuiltinFirmware: boolean;
  /** How reservations are made: one of `ReservationScheme`. */
  readonly reservationScheme: number;
  /** Where compiled modules come from; null when nothing is compiled. */
  readonly modules: ModuleSource | null;
  /** Is the compiler told of pages that are opened? For the code cache. */
  readonly tellsPages?: boolean;
  /** Is time counted in instructions? The cold tier is the counting one then. */
  readonly isCounted?: boolean;
  /** Does nobody change registers or memory in a pause? A reservation survives it then. */
  readonly isUntouched?: boolean;
  /** Decoded pages of the vCPUs of its thread, to which it adds its own. */
  readonly siblings?: DecodedPages[];
  /** The locks it takes; without, those of a machine that measures nothing. */
  readonly locks?: LockSettings;
  /** Where its history goes; null or nothing when no trace is made. */
  readonly events?: EventBuffer | null;
  /** Called in the trampoline before each look at the pending word; null when there is nothing to do. */
  readonly poll: (() => void) | null;
  /** Where samples for a profile go; none are taken when there is nothing. */
  readonly samples?: Int32Array | null;
}
