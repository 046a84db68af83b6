/** Interrupts by message: a store of a number to an address, which says who gets it. */

/** How a device sends a message. */
export interface MessagePost {
  /**
   * Sends one; safe from any thread, behind all that the message is about.
   * @param address in the guest's physical address space
   * @param data 32 bits
   */
  send(address: number, data: number): void;
}
