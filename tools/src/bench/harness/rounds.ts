/**
 * Measures each subject once per round, so that other load on the machine affects all subjects. Every second round
 * reverses the order, so that no subject benefits from its position.
 */
export async function measureInRounds<S, M>(
  subjects: readonly S[],
  rounds: number,
  measure: (subject: S, round: number) => Promise<M>,
): Promise<Map<S, M[]>> {
  const measured = new Map<S, M[]>(subjects.map((subject) => [subject, []]));
  for (let round = 0; round < rounds; round++) {
    for (const subject of round % 2 === 0 ? subjects : subjects.toReversed()) {
      measured.get(subject)?.push(await measure(subject, round));
    }
  }
  return measured;
}

/** The quantile of `values` for a share such as `0.5` or `0.95`, by nearest rank. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);
