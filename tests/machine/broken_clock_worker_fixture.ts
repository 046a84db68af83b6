/** A vCPU worker whose clock fails when the guest reads the time, and never before: no deadline is looked at. */

import { GuestClock } from "../../runtime/machine/clock.ts";

GuestClock.prototype.ticksToDeadline = () => Infinity;
GuestClock.prototype.timeTicks = function (): never {
  throw new Error("the clock is broken");
};

await import("../../runtime/vcpu/vcpu_worker.ts");
