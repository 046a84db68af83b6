/** The `virt` board for the machine: its guest, its devices, its firmware, and how it starts. */

import type { DeviceTreeNode } from "../../../device_tree/node.ts";
import type { BoardDevices, BoardParts, HartStart, VcpuServices } from "../../board.ts";
import type { BootableBoard, ChosenRequest, LoadedImages } from "../../bootable_board.ts";
import { type AiaChoice, boardName } from "../../options.ts";
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

/** Registers of the advanced interrupt architecture, and files for messages behind them. */
const MESSAGE_EXTENSIONS: readonly string[] = ["smaia", "ssaia"];

/** The board with one of its choices of interrupt controllers. */
export function virtBoard(aia: AiaChoice): BootableBoard {
  const harts = aia === "aplic-imsic" ? MESSAGE_EXTENSIONS : [];
  return {
    name: boardName("virt", aia),
    ramBase: RAM_BASE,
    registers: RISCV_REGISTERS,
    sampleNames: RISCV_SAMPLE_NAMES,
    controlRegisters: riscvControlRegisters,
    loadFrontend: (cpu) => loadRiscvFrontend(cpu, harts),
    checkCpu,
    programProperties,
    coldTier: coldTierText,
    createDevices: (parts, hasBuiltinFirmware) => createDevices(aia, parts, hasBuiltinFirmware),
    kernelAddress: kernelLoadAddress,
    deviceTree: ({ hartCount, ramBytes, cpu, hasBuiltinFirmware, hasGenerationId }) =>
      virtDeviceTree({
        hartCount,
        ramBytes,
        hasGenerationId,
        aia,
        hasBuiltinFirmware,
        extensions: [...advertisedExtensions(cpu), ...harts],
        mmuType: mmuType(cpu),
      }),
    setChosen: setBootArguments,
    hartStarts: riscvHartStarts,
    installBootRom: (parts, images) => createVirtBoard({ ...parts, aia }).installBootRom(images),
    htif: () => null,
  };
}

function createDevices(
  aia: AiaChoice,
  parts: BoardParts,
  hasBuiltinFirmware: boolean,
): BoardDevices {
  const { bus, uart, generation, timedDevices, virtioSlots, interruptFiles } = createVirtBoard({
    ...parts,
    aia,
  });
  return {
    bus,
    timedDevices,
    virtioSlots,
    interruptFiles,
    inputArrived: () => uart.inputArrived(),
    receiveBreak: () => uart.sendBreak(),
    generation,
    environmentCall: environmentOf(parts, hasBuiltinFirmware),
  };
}
