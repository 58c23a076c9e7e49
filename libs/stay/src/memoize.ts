/**
 * Caches the results of a function. A Temporal call takes microseconds, and a search uses the same few dates thousands of
 * times. At `limit` entries the cache is cleared, so that no input makes it grow without bound.
 */
export function memoize<A extends readonly string[], R>(
  limit: number,
  compute: (...args: A) => R,
): (...args: A) => R {
  const results = new Map<string, R>();
  return (...args) => {
    const key = args.join('|');
    const cached = results.get(key);
    if (cached !== undefined) return cached;
    const result = compute(...args);
    if (results.size >= limit) results.clear();
    results.set(key, result);
    return result;
  };
}
