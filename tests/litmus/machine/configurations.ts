/** The configurations that tests are run in: few, and every pair of values of two axes is in one of them. */
import { AXES, type Configuration } from "./configuration.ts";
import { coveringArray, type Row } from "./covering_array.ts";

function hasValue<Value extends string>(values: readonly Value[], value: string): Value {
  const found = values.find((known) => known === value);
  if (found === undefined) throw new RangeError(`Cannot configure "${value}"`);
  return found;
}

function configurationOf(row: Row): Configuration {
  return {
    tier: hasValue(AXES.tier, row.tier),
    optimizer: hasValue(AXES.optimizer, row.optimizer),
    regions: hasValue(AXES.regions, row.regions),
    hostOrder: hasValue(AXES.hostOrder, row.hostOrder),
    placement: hasValue(AXES.placement, row.placement),
    llsc: hasValue(AXES.llsc, row.llsc),
    model: hasValue(AXES.model, row.model),
  };
}

/** All configurations; the first is what users get. */
export function allConfigurations(): Configuration[] {
  return coveringArray(AXES).map(configurationOf);
}
