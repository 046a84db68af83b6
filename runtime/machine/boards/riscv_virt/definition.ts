/** The `virt` board for the machine: its guest, its devices, its firmware, and how it starts. */

import type { DeviceTreeNode } from "../../../device_tree/node.ts";
import type { BoardDevices, BoardParts, HartStart, VcpuServices } from "../../board.ts";
import type { BootableBoard, ChosenRequest, LoadedImages } from "../../bootable_board.ts";
import { createVirtBoard, RAM_BASE } from "./board.ts";
import { kernelLoadAddress, planBoot } from "./boot_plan.ts";
import { setChosen } from "./chosen_node.ts";
import { coldTierText } from "./cold_tier_text.ts";
import {
  advertisedExtensions,
  checkCpu,
  loadRiscvFrontend,
  mmuType,
  programProperties,
} from "./cpu_properties.ts";
import { SupervisorEnvironment } from "./environment.ts";
import { RISCV_REGISTERS, riscvControlRegisters } from "./register_names.ts";
import { RISCV_SAMPLE_NAMES } from "./sample_names.ts";
import { virtDeviceTree } from "./virt_device_tree.ts";

/** Where each hart starts, for every board with this boot protocol. */
export function riscvHartStarts(hartCount: number, images: LoadedImages): HartStart[] {
  return planBoot(hartCount, images).map(({ isStarted, pc, registers }) => ({
    isStarted,
    pc,
    registers: [...registers],
  }));
}

/** Writes `/chosen`. */
export function setBootArguments(root: DeviceTreeNode, chosen: ChosenRequest): void {
  const { append, initrd, randomSeed } = chosen;
  setChosen(root, { bootArguments: append, initrd, randomSeed });
}

/** Answers environment calls, or leaves them to the guest's own firmware. */
export function environmentOf(
  parts: BoardParts,
  hasBuiltinFirmware: boolean,
): (services: VcpuServices) => boolean {
  if (!hasBuiltinFirmware) return () => false;
  const environment = new SupervisorEnvironment(parts);
  return (services) => {
    environment.call(services);
    return true;
  };
}

function createDevices(parts: BoardParts, hasBuiltinFirmware: boolean): BoardDevices {
  const { bus, uart, timedDevices, virtioSlots } = createVirtBoard(parts);
  return {
    bus,
    timedDevices,
    virtioSlots,
    inputArrived: () => uart.inputArrived(),
    receiveBreak: () => uart.sendBreak(),
    environmentCall: environmentOf(parts, hasBuiltinFirmware),
  };
}

/** The board. */
export const VIRT: BootableBoard = {
  name: "virt",
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
    virtDeviceTree({
      hartCount,
      ramBytes,
      extensions: advertisedExtensions(cpu),
      mmuType: mmuType(cpu),
    }),
  setChosen: setBootArguments,
  hartStarts: riscvHartStarts,
  installBootRom: (parts, images) => createVirtBoard(parts).installBootRom(images),
  htif: () => null,
};
