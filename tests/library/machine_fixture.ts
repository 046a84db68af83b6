// Machines around the checked-in guests, as a user of the library builds them.

import { Machine, type MachineSettings } from "../../mod.ts";
import { type GuestParameters, readGuestElf } from "../guests/guest_elf.ts";

/** A machine that stands at the first instruction of a guest program for `virt`. */
export async function guestMachine(
  guest: string,
  parameters: GuestParameters,
  settings: MachineSettings = {},
): Promise<Machine> {
  const harts = settings.harts ?? 1;
  const kernel = await readGuestElf(guest, "virt", { harts, ...parameters });
  return await Machine.create({ firmware: "none", memory: "16M", kernel, ...settings });
}

/** A machine with a program of a few instructions at the start of RAM. */
export async function programMachine(
  instructions: readonly number[],
  settings: MachineSettings = {},
): Promise<Machine> {
  const kernel = new Uint8Array(Uint32Array.from(instructions).buffer);
  return await Machine.create({ firmware: "none", memory: "4M", kernel, ...settings });
}

/** Everything that a machine writes until its end. */
export function outputOf({ console }: Machine): Promise<string> {
  return new Response(console.readable).text();
}

/** Resolves when the machine's harts have executed that many more instructions. */
export async function progress(machine: Machine, instructions: number): Promise<void> {
  const count = (): number =>
    machine.stats().harts.reduce((sum, hart) => sum + hart.instructions, 0);
  const goal = count() + instructions;
  while (count() < goal) await turn();
}

/** One turn of the event loop. */
export function turn(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  const { promise, resolve } = Promise.withResolvers<void>();
  port1.onmessage = () => {
    port1.close();
    port2.close(); // a port whose partner alone is closed stays in memory
    resolve();
  };
  port2.postMessage(null);
  return promise;
}

/** Lets a machine go on in short pieces until, in a pause, the condition holds. */
export async function pausedWhen(machine: Machine, condition: () => boolean): Promise<void> {
  for (await machine.pause(); !condition(); await machine.pause()) {
    await machine.resume();
    await turn();
  }
}
