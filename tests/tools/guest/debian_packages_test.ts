import { assertEquals } from "@std/assert";
import { releaseCodename } from "./debian_packages.ts";

const POLICY = `Package files:
 100 status
     release a=now
 500 mirror://archive.example/debian stable/main riscv64 Packages
     release v=13.1,o=Debian,a=stable,n=trixie,l=Debian,c=main,b=riscv64
     origin archive.example
Pinned packages:
`;

Deno.test("apt tells the code name of the release behind a suite's name", () => {
  assertEquals(releaseCodename(POLICY), "trixie");
});

Deno.test("no release, no code name", () => {
  assertEquals(releaseCodename("Package files:\n 100 status\n     release a=now\n"), "unknown");
});
