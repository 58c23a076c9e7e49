/**
 * The result of `work`, if it finishes in time. Rejects with the error of `work`, or when the time is up. The work itself
 * is not cancelled. The same as `withTimeout` of @roost/platform.
 */
export async function withTimeout<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not finished within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([expired, work]);
  } finally {
    clearTimeout(timer);
  }
}
