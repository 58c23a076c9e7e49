/** The number of leading elements that match; none may match after one that does not. */
export function countUntil<T>(sorted: readonly T[], matches: (element: T) => boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (matches(sorted[middle] as T)) low = middle + 1;
    else high = middle;
  }
  return low;
}
