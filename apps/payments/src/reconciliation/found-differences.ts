import { type Difference, type DifferenceCounts, MAX_DIFFERENCES } from './reconciliation.dto.js';

/** Counts differences by kind, and keeps the first of them: with the wrong keys, every payment is one. */
export class FoundDifferences {
  readonly first: Difference[] = [];
  readonly counts: DifferenceCounts = {};

  async add(found: AsyncIterable<Difference>): Promise<void> {
    for await (const difference of found) {
      this.counts[difference.kind] = (this.counts[difference.kind] ?? 0) + 1;
      if (this.first.length < MAX_DIFFERENCES) this.first.push(difference);
    }
  }
}
