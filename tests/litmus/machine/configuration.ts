/** One way of running tests on the machine. */
import type { HOST_ORDERS } from "../../../wasm_backend/host_order.ts";
import {
  type AccelOptions,
  LLSC_SCHEMES,
  type LlscScheme,
} from "../../../runtime/machine/options.ts";
import { type Placement, PLACEMENTS } from "../guest/guest_layout.ts";

/** What is varied, and how. The first value of each is what users get. */
export const AXES = {
  /** What executes the guest: the host's optimizing compiler, its baseline compiler, the cold tier. */
  tier: ["optimized", "baseline", "cold"],
  optimizer: ["on", "off"],
  /** All of a thread in one region, or a region for every few instructions. */
  regions: ["whole", "split"],
  hostOrder: ["x64", "arm64", "portable"],
  placement: PLACEMENTS,
  /** How reservations are made. */
  llsc: LLSC_SCHEMES,
  /** The guest's memory model. */
  model: ["RVWMO", "TSO"],
} as const;

/** Names of the axes. */
export type Axis = keyof typeof AXES;

/** A value for each axis. */
export interface Configuration {
  readonly tier: "optimized" | "baseline" | "cold";
  readonly optimizer: "on" | "off";
  readonly regions: "whole" | "split";
  readonly hostOrder: typeof HOST_ORDERS[number];
  readonly placement: Placement;
  readonly llsc: LlscScheme;
  readonly model: "RVWMO" | "TSO";
  /** For a negative control: loads that the host may merge and swap. */
  readonly plainLoads?: boolean;
  /** For a negative control: no barriers between a store and a later load. */
  readonly dropBarriers?: boolean;
}

/** Instructions of a region where threads are split. */
const SPLIT_INSTRUCTIONS = 4;

/** What the machine is asked for. */
export function accelOptions(configuration: Configuration): AccelOptions {
  const { tier, optimizer, regions, hostOrder, llsc, plainLoads, dropBarriers } = configuration;
  return {
    hostOrder,
    llsc,
    ...(optimizer === "off" ? { passes: [] } : {}),
    unsafePlainLoads: plainLoads ?? false,
    experiment: {
      regions: tier !== "cold",
      renewModules: tier === "baseline",
      dropBarriers: dropBarriers ?? false,
      ...(regions === "split" ? { regionInstructions: SPLIT_INSTRUCTIONS } : {}),
    },
  };
}

/** Text of a configuration. */
export function describeConfiguration(configuration: Configuration): string {
  const { tier, optimizer, regions, hostOrder, placement, llsc, model } = configuration;
  const { plainLoads, dropBarriers } = configuration;
  return [
    tier,
    `optimizer ${optimizer}`,
    `${regions} regions`,
    `order ${hostOrder}`,
    placement === "line" ? "same line" : `other ${placement}`,
    `llsc ${llsc}`,
    model,
    ...(plainLoads ? ["plain loads"] : []),
    ...(dropBarriers ? ["no barriers"] : []),
  ].join(", ");
}
