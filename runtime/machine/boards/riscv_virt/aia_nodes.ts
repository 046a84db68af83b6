/**
 * Device tree nodes of the advanced interrupt architecture, those of QEMU's board. Where the emulator itself is the
 * firmware, machine mode's are marked as firmware marks them for the kernel: there, and not the kernel's.
 */

import type { DeviceTreeNode } from "../../../device_tree/node.ts";
import type { AiaChoice } from "../../options.ts";
import { APLIC_LAST_SOURCE } from "./aia/aplic_registers.ts";
import { LAST_IDENTITY } from "./aia/interrupt_files.ts";
import { everyHartsInterrupts, firstFreePhandle } from "./cpu_nodes.ts";
import { type MemoryWindow, messagePages, VirtMap } from "./memory_map.ts";

/** External interrupts of a hart. */
const MACHINE_LINES: readonly number[] = [11];
const SUPERVISOR_LINES: readonly number[] = [9];
/** Source, and how it is triggered. */
const INTERRUPT_CELLS = 2;

/** What the nodes depend on. */
export interface AiaNodeOptions {
  /** Which controllers there are. */
  readonly aia: AiaChoice;
  /** Number of harts. */
  readonly hartCount: number;
  /** Does the emulator itself play the firmware? */
  readonly hasBuiltinFirmware: boolean;
}

/** Numbers by which other nodes mean these. */
export interface AiaPhandles {
  readonly machineFiles: number;
  readonly supervisorFiles: number;
  readonly machineDomain: number;
  readonly supervisorDomain: number;
}

/** The numbers behind those of the harts, as QEMU gives them. */
export function aiaPhandles(aia: AiaChoice, hartCount: number): AiaPhandles {
  const first = firstFreePhandle(hartCount);
  const machineDomain = aia === "aplic-imsic" ? first + 2 : first;
  return {
    machineFiles: first,
    supervisorFiles: first + 1,
    machineDomain,
    supervisorDomain: machineDomain + 1,
  };
}

/** Adds the nodes to `/soc`. */
export function addAiaNodes(soc: DeviceTreeNode, options: AiaNodeOptions): void {
  const { aia, hartCount, hasBuiltinFirmware } = options;
  const phandles = aiaPhandles(aia, hartCount);
  const sendsMessages = aia === "aplic-imsic";
  const domain = (window: MemoryWindow, lines: readonly number[], files: number) => {
    const node = addDomain(soc, window);
    return sendsMessages
      ? node.setCells("msi-parent", files)
      : node.setCells("interrupts-extended", ...everyHartsInterrupts(hartCount, lines));
  };
  domain(VirtMap.APLIC_SUPERVISOR, SUPERVISOR_LINES, phandles.supervisorFiles)
    .setCells("phandle", phandles.supervisorDomain);
  const delegation = [phandles.supervisorDomain, 1, APLIC_LAST_SOURCE];
  const machine = domain(VirtMap.APLIC_MACHINE, MACHINE_LINES, phandles.machineFiles)
    .setCells("riscv,children", phandles.supervisorDomain)
    .setCells("riscv,delegation", ...delegation)
    .setCells("riscv,delegate", ...delegation)
    .setCells("phandle", phandles.machineDomain);
  const owned = sendsMessages ? [machine, addAllFiles(soc, hartCount, phandles)] : [machine];
  if (hasBuiltinFirmware) { for (const node of owned) node.setStrings("status", "disabled"); }
}

function addDomain(soc: DeviceTreeNode, window: MemoryWindow): DeviceTreeNode {
  return addController(soc, window, "aplic")
    .setCells("#address-cells", 0)
    .setCells("#interrupt-cells", INTERRUPT_CELLS)
    .setCells("riscv,num-sources", APLIC_LAST_SOURCE);
}

/** @returns machine mode's node */
function addAllFiles(
  soc: DeviceTreeNode,
  hartCount: number,
  { machineFiles, supervisorFiles }: AiaPhandles,
): DeviceTreeNode {
  const files = (window: MemoryWindow, lines: readonly number[], phandle: number) =>
    addController(soc, window, "imsics")
      .setCells("#interrupt-cells", 0)
      .setFlag("msi-controller")
      .setCells("interrupts-extended", ...everyHartsInterrupts(hartCount, lines))
      .setCells("riscv,num-ids", LAST_IDENTITY)
      .setCells("phandle", phandle);
  const { machine, supervisor } = messagePages(hartCount);
  files(supervisor, SUPERVISOR_LINES, supervisorFiles);
  return files(machine, MACHINE_LINES, machineFiles);
}

function addController(
  soc: DeviceTreeNode,
  { base, bytes }: MemoryWindow,
  kind: string,
): DeviceTreeNode {
  return soc.addChild(`interrupt-controller@${base.toString(16)}`)
    .setStrings("compatible", `qemu,${kind}`, `riscv,${kind}`)
    .setFlag("interrupt-controller")
    .setWideCells("reg", base, bytes);
}
