const DAY_MS = 86_400_000;

interface Run {
  first: number;
  last: number;
}

/**
 * The unavailable days of each listing as runs, from rows in any order. Memory grows with the runs, not with the days: a city
 * of a thousand listings has a third of a million days.
 */
export class UnavailableRuns {
  private readonly runs = new Map<string, Run[]>();
  private readonly days = new Map<string, number>();
  private earliest = Infinity;

  /** False if the date is invalid. */
  add(listing: string, date: string, available: boolean): boolean {
    const day = this.dayOf(date);
    if (Number.isNaN(day)) return false;
    this.earliest = Math.min(this.earliest, day);
    const runs = this.runs.get(listing) ?? [];
    if (!this.runs.has(listing)) this.runs.set(listing, runs);
    if (available) return true;
    const last = runs.at(-1);
    if (last?.last === day - 1) last.last = day;
    else runs.push({ first: day, last: day });
    return true;
  }

  get firstDate(): string | null {
    return Number.isFinite(this.earliest) ? isoDate(this.earliest) : null;
  }

  /** Half-open ranges, merged and moved by `shift` days. Listings without an unavailable day are included. */
  *ranges(shift = 0): Generator<{ listing: string; blocked: { from: string; to: string }[] }> {
    for (const [listing, runs] of this.runs) {
      const merged: Run[] = [];
      for (const run of runs.toSorted((a, b) => a.first - b.first)) {
        const last = merged.at(-1);
        if (last && run.first <= last.last + 1) last.last = Math.max(last.last, run.last);
        else merged.push({ ...run });
      }
      yield {
        listing,
        blocked: merged.map(({ first, last }) => ({
          from: isoDate(first + shift),
          to: isoDate(last + 1 + shift),
        })),
      };
    }
  }

  private dayOf(date: string): number {
    let day = this.days.get(date);
    if (day === undefined) {
      const parsed = /^\d{4}-\d{2}-\d{2}$/.test(date) ? Date.parse(`${date}T00:00:00Z`) / DAY_MS : NaN;
      day = !Number.isNaN(parsed) && isoDate(parsed) === date ? parsed : NaN;
      this.days.set(date, day);
    }
    return day;
  }
}

const isoDate = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10);
