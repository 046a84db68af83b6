/** Numbers of the RISC-V Supervisor Binary Interface specification, version 2.0. */

/** Error codes: "Binary Encoding", "Standard SBI Errors". */
export const SbiError = {
  SUCCESS: 0,
  FAILED: -1,
  NOT_SUPPORTED: -2,
  INVALID_PARAM: -3,
  DENIED: -4,
  INVALID_ADDRESS: -5,
  ALREADY_AVAILABLE: -6,
} as const;

/** Extension ids; the letters are ASCII. */
export const SbiExtensionId = {
  BASE: 0x10,
  TIME: 0x54494d45,
  IPI: 0x735049,
  RFENCE: 0x52464e43,
  HSM: 0x48534d,
  SYSTEM_RESET: 0x53525354,
  PMU: 0x504d55,
  DEBUG_CONSOLE: 0x4442434e,
} as const;
