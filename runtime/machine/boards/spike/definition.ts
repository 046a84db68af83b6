/** The `spike` board for the machine: the guest and the boot protocol of `virt` with fewer devices. */

import type { BoardDevices, BoardParts } from "../../board.ts";
import type { BootableBoard } from "../../bootable_board.ts";
import type { HtifAddresses } from "../../worker_messages.ts";
import { kernelLoadAddress } from "../riscv_virt/boot_plan.ts";
import { coldTierText } from "../riscv_virt/cold_tier_text.ts";
import {
  advertisedExtensions,
  checkCpu,
  loadRiscvFrontend,
  mmuType,
  programProperties,
} from "../riscv_virt/cpu_properties.ts";
import { environmentOf, riscvHartStarts, setBootArguments } from "../riscv_virt/definition.ts";
import { RISCV_REGISTERS, riscvControlRegisters } from "../riscv_virt/register_names.ts";
import { RISCV_SAMPLE_NAMES } from "../riscv_virt/sample_names.ts";
import { createSpikeBoard, HtifSymbol, RAM_BASE } from "./board.ts";
import { spikeDeviceTree } from "./spike_device_tree.ts";

function createDevices(parts: BoardParts, hasBuiltinFirmware: boolean): BoardDevices {
  return {
    bus: createSpikeBoard(parts).bus,
    timedDevices: [],
    virtioSlots: [],
    inputArrived: () => {}, // nobody is told: programs ask for input
    receiveBreak: () => {}, // there is no serial line
    environmentCall: environmentOf(parts, hasBuiltinFirmware),
  };
}

/** The interface exists for programs that name its command word. */
function htif(symbols: ReadonlyMap<string, number>): HtifAddresses | null {
  const tohost = symbols.get(HtifSymbol.TO_HOST);
  const fromhost = symbols.get(HtifSymbol.FROM_HOST) ?? null;
  return tohost === undefined ? null : { tohost, fromhost };
}

/** The board. */
export const SPIKE: BootableBoard = {
  name: "spike",
  ramBase: RAM_BASE,
  registers: RISCV_REGISTERS,
  sampleNames: RISCV_SAMPLE_NAMES,
  controlRegisters: riscvControlRegisters,
  loadFrontend: loadRiscvFrontend,
  checkCpu,
  programProperties,
  coldTier: coldTierText,
  createDevices,
  kernelAddress: kernelLoadAddress,
  deviceTree: ({ hartCount, ramBytes, cpu }) =>
    spikeDeviceTree({
      hartCount,
      ramBytes,
      extensions: advertisedExtensions(cpu),
      mmuType: mmuType(cpu),
    }),
  setChosen: setBootArguments,
  hartStarts: riscvHartStarts,
  installBootRom: (parts, images) => createSpikeBoard(parts).installBootRom(images),
  htif,
};
