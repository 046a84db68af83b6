/**
 * Weft: a multi-threaded RISC-V machine that runs in Deno by translating guest code to WebAssembly.
 *
 * Run as a program it takes QEMU's flags:
 *
 * ```sh
 * deno run --allow-read jsr:@weft/emulator -M virt -smp 2 -m 512M -kernel Image -append console=ttyS0
 * ```
 *
 * @module
 */

export {};

if (import.meta.main) {
  const { main } = await import("./runtime/cli/main.ts");
  Deno.exit(await main(Deno.args));
}
