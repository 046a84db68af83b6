/** A release of Debian and the names that an archive may have it under. */
export interface DebianRelease {
  /** What its signed list of files calls itself. */
  readonly codename: string;
  /** Folders of the archive, the first that can be read counts: mirrors bring them up to date one by one. */
  readonly suites: readonly string[];
}

/** The release that guests and programs to compare with are taken from. */
export const TRIXIE: DebianRelease = { codename: "trixie", suites: ["trixie", "stable"] };

/** The Debian release whose packages the guest is made of. */
export const RELEASE = { ...TRIXIE, architecture: "riscv64" } as const;
