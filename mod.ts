/**
 * Weft: a multi-threaded RISC-V machine that runs in Deno by translating guest code to WebAssembly.
 *
 * As a library it is one class, {@linkcode Machine}:
 *
 * ```ts
 * import { Machine } from "@weft/emulator";
 *
 * await using machine = await Machine.create({
 *   board: "virt",
 *   harts: 2,
 *   memory: "64M",
 *   firmware: "none",
 *   kernel: "tests/guests/elf/hello.virt.elf",
 * });
 * await machine.start();
 * console.log(await new Response(machine.console.readable).text());
 * console.log(await machine.exited); // { reason: "power-off", code: 0 }
 * ```
 *
 * Bytes to the guest go into `machine.console.writable`; {@linkcode Machine.pause} stops harts and time, and opens
 * registers and memory. What can be described is in {@linkcode MachineSettings}, with QEMU's meanings. Everything
 * that is thrown is one of {@linkcode ConfigurationError}, {@linkcode LoadError}, {@linkcode MachineStateError},
 * {@linkcode AccessError} (each says what is wrong, why, and what to do) and {@linkcode InternalError}; an aborted
 * signal throws its own reason.
 *
 * A machine needs no permission at all if its files are given as bytes, its disks as {@linkcode BlockBackend} and its shares as {@linkcode FileSystemBackend}.
 * Paths need `--allow-read`, addresses `--allow-net`, a disk in a file and a debug log in one `--allow-write`.
 *
 * Run as a program it takes QEMU's flags:
 *
 * ```sh
 * deno run --allow-read jsr:@weft/emulator -M virt -smp 2 -m 512M -kernel Image -append console=ttyS0
 * ```
 *
 * @module
 */

export { Machine } from "./runtime/machine/machine.ts";
export {
  DEFAULT_SNAPSHOT_INSTRUCTIONS,
  type SnapshotOptions,
} from "./runtime/machine/snapshot_options.ts";
export type { FileSource, MachineSettings } from "./runtime/machine/machine_settings.ts";
export {
  type BackingOptions,
  type BlockBackend,
  CACHE_MODES,
  type CacheMode,
  DISCARD_MODES,
  type DiscardMode,
  type DriveOptions,
  READ_ERROR_POLICIES,
  type ReadErrorPolicy,
  WRITE_ERROR_POLICIES,
  type WriteErrorPolicy,
  ZERO_DETECTIONS,
  type ZeroDetection,
} from "./runtime/machine/drive_options.ts";
export { IMAGE_FORMATS, type ImageFormat } from "./runtime/disk_images/image_formats.ts";
export type { SlotDeviceOptions } from "./runtime/machine/device_options.ts";
export type { QueueOptions, QueueThreadOptions } from "./runtime/machine/queue_options.ts";
export type { PlugOptions, VirtioBus } from "./runtime/machine/slot_assignment.ts";
export {
  type ConsoleOptions,
  type ConsolePortOptions,
  PORT_KINDS,
  type PortKind,
} from "./runtime/machine/console_options.ts";
export type { EntropyOptions } from "./runtime/machine/entropy_options.ts";
export {
  type FileSystemBackend,
  SECURITY_MODELS,
  type SecurityModel,
  type ShareOptions,
} from "./runtime/machine/share_options.ts";
export type {
  BackendChange,
  BackendEntry,
  NewBackendEntry,
} from "./runtime/file_share/backend_call.ts";
export type {
  GuestForwardOptions,
  HostForwardOptions,
  NetBackend,
  NetworkOptions,
  UserNetworkOptions,
} from "./runtime/machine/network_options.ts";
export type {
  Breakpoint,
  BreakpointHit,
  ConsolePort,
  ConsoleSize,
  ConsoleStatistics,
  ControlRegisters,
  DriveError,
  DriveStatistics,
  EntropyStatistics,
  ExitReason,
  ExitStatus,
  GuestMemory,
  Hart,
  HartActivity,
  HartStatistics,
  JitRegion,
  JournalSummary,
  LockStatistics,
  MachineConsole,
  MachineState,
  MachineStatistics,
  NetworkStatistics,
  Profile,
  ShareStatistics,
  SlotDeviceStatistics,
  TranslationStatistics,
} from "./runtime/machine/machine_interface.ts";
export type {
  AccelOptions,
  AiaChoice,
  CpuModel,
  DebugCategory,
  DebugOptions,
  Encoder,
  HostOrderChoice,
  IcountOptions,
  LlscScheme,
  MachineName,
  PassName,
  ThreadMode,
  TranslationExperiment,
} from "./runtime/machine/options.ts";
export {
  AIA_CHOICES,
  ConfigurationError,
  CPU_MODELS,
  DEBUG_CATEGORIES,
  ENCODERS,
  HOST_ORDER_CHOICES,
  LLSC_SCHEMES,
  MACHINE_NAMES,
  PASS_NAMES,
  THREAD_MODES,
} from "./runtime/machine/options.ts";
export { InternalError } from "./runtime/machine/internal_error.ts";
export { AccessError, MachineStateError } from "./runtime/machine/machine_error.ts";
export { type Complaint, UserError } from "./runtime/machine/user_error.ts";
export { LoadError } from "./runtime/loader/load_error.ts";

if (import.meta.main) {
  const { main } = await import("./runtime/cli/main.ts");
  Deno.exit(await main(Deno.args));
}
