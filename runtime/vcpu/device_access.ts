/** The vCPU's accesses to devices, as the cold tier asks for them: values cross in the transfer word. */
import { Control } from "../../wasm_backend/abi/vcpu_layout.ts";
import { createMmioAccess, type MmioAccess } from "../devices/device.ts";
import { HartCounter, hartCounters } from "../atomics/statistics_layout.ts";
import type { BoardDevices } from "../machine/board.ts";
import type { VcpuMemory } from "./vcpu_memory.ts";

/** Results of device accesses, as the cold tier reads them. */
const DeviceStatus = { ABSENT: 0, DONE: 1, RETRY: 2 } as const;
const TRANSFER_LOW = Control.TRANSFER >> 2;
const TRANSFER_HIGH = TRANSFER_LOW + 1;

/** See the header of this file. */
export class DeviceAccess {
  readonly #bus: BoardDevices["bus"];
  readonly #words: Int32Array;
  readonly #access: MmioAccess;
  readonly #counters: Float64Array;

  /** Accesses of one hart. */
  constructor(
    shared: ArrayBufferLike,
    hart: number,
    bus: BoardDevices["bus"],
    memory: VcpuMemory,
  ) {
    this.#bus = bus;
    this.#words = memory.words;
    this.#access = createMmioAccess(hart);
    this.#counters = hartCounters(shared, hart);
  }

  /** Loads from a physical address into the transfer word. @returns a status of the cold tier's */
  load(low: number, high: number, width: number): number {
    const access = this.#access;
    access.size = width;
    access.retry = false;
    if (!this.#bus.load(low, high, access)) return DeviceStatus.ABSENT;
    if (access.retry) return DeviceStatus.RETRY;
    this.#counters[HartCounter.DEVICE_ACCESSES]++;
    this.#words[TRANSFER_LOW] = access.low;
    this.#words[TRANSFER_HIGH] = access.high;
    return DeviceStatus.DONE;
  }

  /** Stores the transfer word to a physical address. @returns a status of the cold tier's */
  store(low: number, high: number, width: number): number {
    const access = this.#access;
    access.size = width;
    access.retry = false;
    access.low = this.#words[TRANSFER_LOW];
    access.high = this.#words[TRANSFER_HIGH];
    if (!this.#bus.store(low, high, access)) return DeviceStatus.ABSENT;
    if (access.retry) return DeviceStatus.RETRY;
    this.#counters[HartCounter.DEVICE_ACCESSES]++;
    return DeviceStatus.DONE;
  }
}
