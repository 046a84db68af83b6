/** Does a host, given what the backend emits for a test, show a final state that the guest's model forbids? */
import { HOST_COLUMNS } from "../../../wasm_backend/host_order.ts";
import { formatOutcome } from "../syntax/condition.ts";
import type { LitmusTest } from "../syntax/litmus_test_file.ts";
import { isEntryName, isWhole } from "../syntax/page_entry.ts";
import { Checker, judge } from "./checker.ts";
import { HOST_MODELS } from "./host_models.ts";
import { TOTAL_STORE_ORDER } from "../../../frontend/riscv/total_store_order.ts";
import { type AccessOrders, UNORDERED } from "../../../ir/memory_order.ts";
import { lowerTrace } from "./host_mapping.ts";
import type { OrderModel } from "./axioms.ts";
import { RVWMO, TSO } from "./preserved_order.ts";

/** A guest's model, and the orders its plain accesses ask for. */
export interface GuestModel {
  readonly model: OrderModel;
  readonly orders: AccessOrders;
}

/** The guests. */
export const GUEST_MODELS = {
  RVWMO: { model: RVWMO, orders: UNORDERED },
  TSO: { model: TSO, orders: TOTAL_STORE_ORDER },
} as const satisfies Record<string, GuestModel>;

/** Name of a guest's model. */
export type GuestModelName = keyof typeof GUEST_MODELS;

/** A mapping, whole or with one emission left out. */
export interface Mapping {
  readonly guest: GuestModelName;
  readonly host: keyof typeof HOST_MODELS;
  readonly without?: string;
}

/**
 * Does every access of a test go where it went at the start, without a change of an entry? What hosts do with
 * walks is not modelled: only such tests can be mapped.
 */
export function hasFixedTranslations({ pages, registers }: LitmusTest): boolean {
  const values = registers.flatMap((initial) => [...initial.values()]);
  const isReached = values.some((value) =>
    typeof value === "object" && "location" in value && isEntryName(value.location)
  );
  return !isReached && pages.every(({ entry }) => isWhole(entry));
}

/** Checks mappings of one test; what the guest allows is found once. */
export class MappingCheck {
  readonly #test: LitmusTest;
  readonly #allowed = new Map<GuestModelName, ReadonlySet<string>>();

  constructor(test: LitmusTest) {
    this.#test = test;
  }

  #allowedBy(guest: GuestModelName): ReadonlySet<string> {
    const known = this.#allowed.get(guest) ??
      new Set(new Checker(this.#test).allowed(GUEST_MODELS[guest].model).keys());
    this.#allowed.set(guest, known);
    return known;
  }

  /** A forbidden final state that the host shows; null when there is none. Tells what is emitted. */
  violation(
    { guest, host, without }: Mapping,
    onEmission: (name: string) => void = () => {},
  ): string | null {
    const allowed = this.#allowedBy(guest);
    const target = {
      column: HOST_COLUMNS[host],
      orders: GUEST_MODELS[guest].orders,
      splitsUpdates: host === "arm64",
      onEmission,
      ...(without === undefined ? {} : { without }),
    };
    const checker = new Checker(this.#test, (trace) => lowerTrace(trace, target));
    for (const { outcome, execution } of checker.candidates()) {
      const text = formatOutcome(outcome);
      if (allowed.has(text)) continue;
      if (judge(execution, HOST_MODELS[host]).kind === "allowed") return text;
    }
    return null;
  }

  /** Names of what is emitted for the test. */
  emissions(mapping: Mapping): Set<string> {
    const names = new Set<string>();
    this.violation(mapping, (name) => names.add(name));
    return names;
  }
}
