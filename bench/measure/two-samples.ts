/** Whether two samples may be of one distribution: small p-values say no. */
export type TwoSamples = {
  /** Medians, in the samples' unit. */
  medians: [number, number];
  /** How far the second median lies from the first, as a share of it. */
  apart: number;
  /** Welch's test of equal means; the normal approximation, for samples of a hundred and more. */
  welchP: number;
  /** Kolmogorov and Smirnov's test of equal distributions, by its asymptotic form. */
  ksP: number;
};

export function compareSamples(a: readonly number[], b: readonly number[]): TwoSamples {
  const medians: [number, number] = [middle(a), middle(b)];
  const apart = Math.abs(medians[1] - medians[0]) / medians[0];
  return { medians, apart, welchP: welch(a, b), ksP: kolmogorovSmirnov(a, b) };
}

const middle = (values: readonly number[]) =>
  values.toSorted((x, y) => x - y)[Math.floor(values.length / 2)] ?? Number.NaN;

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function welch(a: readonly number[], b: readonly number[]): number {
  const [meanA, meanB] = [mean(a), mean(b)];
  const variance = (values: readonly number[], center: number) =>
    values.reduce((sum, value) => sum + (value - center) ** 2, 0) / (values.length - 1);
  const error = Math.sqrt(variance(a, meanA) / a.length + variance(b, meanB) / b.length);
  return error === 0 ? 1 : 2 * (1 - normal(Math.abs(meanA - meanB) / error));
}

/** The normal distribution function (Abramowitz and Stegun 26.2.17; wrong by less than 1e-7). */
function normal(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const factors = [0.31938153, -0.356563782, 1.781477937, -1.821255978, 1.330274429];
  const sum = factors.reduceRight((rest, factor) => (rest + factor) * t, 0);
  return 1 - (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * sum;
}

function kolmogorovSmirnov(a: readonly number[], b: readonly number[]): number {
  const [left, right] = [a.toSorted((x, y) => x - y), b.toSorted((x, y) => x - y)];
  let [i, j, distance] = [0, 0, 0];
  while (i < left.length && j < right.length) {
    const at = Math.min(left[i]!, right[j]!);
    while (i < left.length && left[i]! <= at) i += 1;
    while (j < right.length && right[j]! <= at) j += 1;
    distance = Math.max(distance, Math.abs(i / left.length - j / right.length));
  }
  const size = Math.sqrt((a.length * b.length) / (a.length + b.length));
  const lambda = (size + 0.12 + 0.11 / size) * distance;
  if (lambda < 0.3) return 1;
  let p = 0;
  for (let k = 1; k <= 100; k += 1) p += 2 * (-1) ** (k - 1) * Math.exp(-2 * (k * lambda) ** 2);
  return Math.min(Math.max(p, 0), 1);
}
