// Robust summaries of a few noisy samples.

/** Middle and extent of a set of samples. */
export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** The middle value, or the mean of the two middle ones. */
export function median(samples: readonly number[]): number {
  if (samples.length === 0) throw new RangeError("No samples");
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2;
}

/** Median and extent of samples. */
export function summarize(samples: readonly number[]): Summary {
  return { median: median(samples), min: Math.min(...samples), max: Math.max(...samples) };
}

/** Extent relative to the median; samples that are all the same have none. */
export function relativeSpread({ median, min, max }: Summary): number {
  return max === min ? 0 : (max - min) / median;
}

/** Geometric mean of positive ratios. */
export function geometricMean(ratios: readonly number[]): number {
  if (ratios.length === 0 || ratios.some((ratio) => !(ratio > 0))) {
    throw new RangeError("A geometric mean needs positive ratios");
  }
  return Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
}

/** The geometric mean of what remains without the `count` smallest and the `count` largest ratios. */
export function trimmedGeometricMean(ratios: readonly number[], count: number): number {
  return geometricMean(ratios.toSorted((a, b) => a - b).slice(count, ratios.length - count));
}
