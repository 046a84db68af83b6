/** All devices that are attacked, on both buses and with both kinds of rings: with each seed every one of them. */
import { BlockTarget } from "./block_target.ts";
import { EntropyTarget } from "./entropy_target.ts";
import { NetworkTarget } from "./network_target.ts";
import { ShareTarget } from "./share_target.ts";
import { type AttackCounts, RingAttack } from "./ring_attack.ts";

/** The devices by name. */
export const ATTACKED = {
  disk: () => new RingAttack(new BlockTarget("mmio")),
  network: () => new RingAttack(new NetworkTarget("mmio")),
  entropy: () => new RingAttack(new EntropyTarget("mmio")),
  share: () => new RingAttack(new ShareTarget("mmio")),
  "disk on the PCI bus": () => new RingAttack(new BlockTarget("pci")),
  "network on the PCI bus": () => new RingAttack(new NetworkTarget("pci")),
  "entropy on the PCI bus": () => new RingAttack(new EntropyTarget("pci")),
  "share on the PCI bus": () => new RingAttack(new ShareTarget("pci")),
  "disk with a packed ring": () => new RingAttack(new BlockTarget("pci", "packed")),
  "network with packed rings": () => new RingAttack(new NetworkTarget("mmio", "packed")),
  "entropy with a packed ring": () => new RingAttack(new EntropyTarget("mmio", "packed")),
  "share with a packed ring": () => new RingAttack(new ShareTarget("pci", "packed")),
} as const;

/** See the header of this file. */
export class AttackSuite {
  readonly #attacks = Object.entries(ATTACKED).map(([name, make]) => ({ name, attack: make() }));

  /** What was tried so far. */
  get counts(): AttackCounts {
    const sum = { rings: 0, refused: 0, requests: 0, resets: 0 };
    for (const { attack: { counts } } of this.#attacks) {
      sum.rings += counts.rings;
      sum.refused += counts.refused;
      sum.requests += counts.requests;
      sum.resets += counts.resets;
    }
    return sum;
  }

  /** Attacks all devices. @returns what went wrong */
  run(seed: number): string[] {
    return this.#attacks.flatMap(({ name, attack }) =>
      attack.run(seed).map((wrong) => `${name}: ${wrong}`)
    );
  }
}
