import { ImportFailed } from './import-failed.js';
import type { ListingOutcome, MissingOption } from './listing-row.js';
import { countryAt } from './place.js';

const MISSING_OPTION: Record<MissingOption, string> = {
  city: 'The file does not name its city: pass it with --city',
  currency: 'All prices in the file show $ and the country has no known currency: pass it with --currency',
};

interface Group {
  country: string | null;
  /** The country at the same numbers with latitude and longitude exchanged. */
  exchanged: string | null;
  currency: string;
  rows: number;
}

/** What the rows of a file have in common. It is complete before the first row is sent. */
export class Survey {
  private readonly groups = new Map<string, Group>();
  private readonly missing = new Set<MissingOption>();

  add(outcome: ListingOutcome): void {
    if ('skipped' in outcome) {
      if (outcome.missingOption) this.missing.add(outcome.missingOption);
      return;
    }
    const { lat, lng } = outcome.listing.content.location;
    const { currency } = outcome.listing.content;
    const [country, exchanged] = [countryAt(lat, lng), countryAt(lng, lat)];
    const key = `${country} ${exchanged} ${currency}`;
    const group = this.groups.get(key) ?? { country, exchanged, currency, rows: 0 };
    group.rows += 1;
    this.groups.set(key, group);
  }

  get mainCountry(): string | null {
    const rows = new Map<string | null, number>();
    for (const group of this.groups.values()) {
      rows.set(group.country, (rows.get(group.country) ?? 0) + group.rows);
    }
    const [first] = [...rows].toSorted(([, a], [, b]) => b - a);
    return first?.[0] ?? null;
  }

  /** Throws if no row can be imported without an option, or if the prices have more than one currency. */
  requireOneCurrency(): void {
    const [option] = this.missing;
    if (this.groups.size === 0 && option !== undefined) throw new ImportFailed(MISSING_OPTION[option]);
    const main = this.mainCountry;
    const currencies = new Set(
      [...this.groups.values()]
        .filter(({ country, exchanged }) => country === main || exchanged !== main)
        .map(({ currency }) => currency),
    );
    if (currencies.size > 1) {
      throw new ImportFailed(
        `The listings are in countries with different currencies (${[...currencies].sort().join(', ')}), and the prices do not name theirs: pass it with --currency. Nothing was imported`,
      );
    }
  }
}
