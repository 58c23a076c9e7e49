import { type WeightedValue, weightedValues } from './weighted-values.js';

/** The quality of a media type: that of the most specific range that covers it (RFC 9110 §12.5.1). */
function qualityOf(type: string, ranges: readonly WeightedValue[]): number {
  const covering = [type, `${type.split('/')[0] ?? ''}/*`, '*/*'];
  for (const each of covering) {
    const range = ranges.find((candidate) => candidate.value === each);
    if (range) return range.quality;
  }
  return 0;
}

/**
 * The offered media type that an `Accept` header prefers; of equal ones the first. Without a header, and for a client that
 * accepts none of them, the first, as RFC 9110 allows.
 */
export function preferredMediaType<T extends string>(
  accept: string | undefined,
  offered: readonly [T, ...T[]],
): T {
  if (accept === undefined) return offered[0];
  const ranges = weightedValues(accept);
  let best = offered[0];
  for (const type of offered) {
    if (qualityOf(type, ranges) > qualityOf(best, ranges)) best = type;
  }
  return best;
}
