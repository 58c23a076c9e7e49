/**
 * Temporal takes microseconds per call and a search asks for the same few dates thousands of times. Answers
 * are kept up to a limit, then forgotten all at once, so that no input makes this grow.
 */
export function remember<A extends readonly string[], R>(
  limit: number,
  work: (...args: A) => R,
): (...args: A) => R {
  const known = new Map<string, R>();
  return (...args) => {
    const key = args.join('|');
    const answer = known.get(key);
    if (answer !== undefined) return answer;
    const fresh = work(...args);
    if (known.size >= limit) known.clear();
    known.set(key, fresh);
    return fresh;
  };
}
