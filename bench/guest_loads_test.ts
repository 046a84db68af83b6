import { assertEquals } from "@std/assert";
import { countStalls, parseLoads } from "./guest_loads.ts";

const CONSOLE = `[    1.0] Run /init as init process
BOOT-OK 4\r
LOAD tlb 4 4000 0 2000000000\r
LOAD read-4k 1 16000 3 4000000000\r
LOAD half 1
[  200.1] watchdog: BUG: soft lockup - CPU#2 stuck for 22s! [storms:77]
[  210.2] rcu: INFO: rcu_sched detected stalls on CPUs/tasks:
[  210.3] rcu: INFO: rcu_sched self-detected stall on CPU
RUN-EXIT 0
`;

Deno.test("loads are read from a console, as operations in a second", () => {
  assertEquals(parseLoads(CONSOLE), [
    { name: "tlb", workers: 4, perSecond: 2000, errors: 0 },
    { name: "read-4k", workers: 1, perSecond: 4000, errors: 3 },
  ]);
});

Deno.test("each complaint of the kernel is a stall", () => {
  assertEquals(countStalls(CONSOLE), 3);
  assertEquals(countStalls("BOOT-OK 4\n"), 0);
});
