/**
 * The board's interrupt controllers: `-M virt,aia=`. Without the advanced interrupt architecture a PLIC; with it an
 * APLIC of two domains, machine mode's and the supervisor's, which delivers directly or by messages to the harts' files.
 */

import type { DeviceRegion } from "../../../devices/device_region.ts";
import type { DeviceWindow } from "../../../devices/device.ts";
import type { InterruptLine } from "../../../devices/interrupt_line.ts";
import type { MessagePost } from "../../../devices/message_post.ts";
import type { AiaChoice } from "../../options.ts";
import { AplicDomain, aplicDomainWords } from "./aia/aplic_domain.ts";
import { APLIC_LAST_SOURCE } from "./aia/aplic_registers.ts";
import { FileLevel, interruptFileWords, SharedInterruptFiles } from "./aia/interrupt_files.ts";
import { FilePost, MessageWindow } from "./aia/message_window.ts";
import { messagePages, place, VirtMap } from "./memory_map.ts";
import { Plic, plicWords } from "./plic.ts";

export type { AiaChoice };

/** Interrupt line bits of the domains: the architecture's interrupt numbers 11 and 9. */
const MACHINE_LINE = 1 << 11;
const SUPERVISOR_LINE = 1 << 9;

/** What controllers are made of. */
export interface ControllerParts {
  /** Shared memory. */
  readonly words: Int32Array;
  /** Where their structs are taken from. */
  readonly region: DeviceRegion;
  /** Number of harts. */
  readonly hartCount: number;
}

/** One worker's view of the controllers. */
export interface InterruptController {
  /** Where they are in the address space. */
  readonly windows: readonly DeviceWindow[];
  /** The harts' files for interrupts by message, if there are any. */
  readonly files: SharedInterruptFiles | null;
  /** How devices send messages to them. */
  readonly messages: MessagePost | null;
  /** The input of a source, for its device. Throws RangeError when there is none of this number. */
  line(source: number): InterruptLine;
  /** Does what firmware does before it starts a kernel; main, before any worker starts. */
  prepareForSupervisor(): void;
}

/** Builds a worker's view of the controllers. */
export function createInterruptController(
  aia: AiaChoice,
  parts: ControllerParts,
): InterruptController {
  if (aia === "none") return createPlic(parts);
  return aia === "aplic" ? createAplic(parts, null) : createMessageFiles(parts);
}

function createPlic({ words, region, hartCount }: ControllerParts): InterruptController {
  const plic = new Plic(words, region.take(plicWords(hartCount)), hartCount);
  return {
    windows: [place(plic, VirtMap.PLIC)],
    files: null,
    messages: null,
    line: (source) => plic.line(source),
    prepareForSupervisor: () => {}, // it takes interrupts to both levels as it is
  };
}

function createMessageFiles(parts: ControllerParts): InterruptController {
  const { words, region, hartCount } = parts;
  const pages = messagePages(hartCount);
  const base = region.take(interruptFileWords(hartCount));
  const files = new SharedInterruptFiles(words, base, hartCount);
  const messages = new FilePost(files, pages);
  const aplic = createAplic(parts, messages);
  const windows = [
    place(new MessageWindow(files, FileLevel.MACHINE), pages.machine),
    place(new MessageWindow(files, FileLevel.SUPERVISOR), pages.supervisor),
  ];
  return { ...aplic, files, messages, windows: [...aplic.windows, ...windows] };
}

function createAplic(parts: ControllerParts, messages: MessagePost | null): InterruptController {
  const { words, region, hartCount } = parts;
  const domain = (externalLine: number, parent: AplicDomain | null): AplicDomain => {
    const base = region.take(aplicDomainWords(hartCount));
    return new AplicDomain({ words, base, hartCount, externalLine, parent, messages });
  };
  const machine = domain(MACHINE_LINE, null);
  const supervisor = domain(SUPERVISOR_LINE, machine);
  const pages = messagePages(hartCount);
  return {
    windows: [place(machine, VirtMap.APLIC_MACHINE), place(supervisor, VirtMap.APLIC_SUPERVISOR)],
    files: null,
    messages,
    line: (source) => {
      if (source < 1 || source > APLIC_LAST_SOURCE) {
        throw new RangeError(`Cannot wire interrupt source ${source}: the APLIC has 1 to 96`);
      }
      return { setLevel: (asserted: boolean): void => machine.setLevel(source, asserted) };
    },
    prepareForSupervisor: () =>
      machine.prepareForSupervisor(pages.machine.base, pages.supervisor.base),
  };
}
