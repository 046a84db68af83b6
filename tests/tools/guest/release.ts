/** The Debian release whose packages the guest is made of. */
export const RELEASE = { suite: "trixie", architecture: "riscv64" } as const;
