import { isDeepStrictEqual } from 'node:util';
import type { EntityManager } from '@mikro-orm/postgresql';
import { RetryTransaction } from '@roost/messaging';
import { compareDates, type DateRange, mergeRanges } from '@roost/stay';
import { lockLinks, mark } from './calendar.queries.js';
import {
  importedEntries,
  importOwners,
  lockImports,
  replaceImported,
  stayNights,
} from './imported-entries.queries.js';
import { importedNights } from './domain/imported-nights.js';

const MOST_ROUNDS = 5;

/**
 * Makes `unavailable` the nights that an import has of this listing. Those that stays have are kept beside them and block
 * nothing; they are taken once the stay is gone (see `blockFreedNights`). Under `lockImports` and `lockLinks`, at READ
 * COMMITTED.
 */
export async function writeImported(
  em: EntityManager,
  ownerId: number,
  calendarListingId: number,
  unavailable: readonly DateRange[],
): Promise<{ covered: DateRange[]; changed: boolean }> {
  const runs = mergeRanges(unavailable);
  const [first, last] = [runs.at(0), runs.at(-1)];
  for (let round = 1; round <= MOST_ROUNDS; round += 1) {
    const stays = first && last ? await stayNights(em, calendarListingId, first.from, last.to) : [];
    const { blocking, covered } = importedNights(runs, stays);
    const entries = [
      ...blocking.map((range) => ({ ...range, live: true })),
      ...covered.map((range) => ({ ...range, live: false })),
    ].sort((a, b) => compareDates(a.from, b.from));
    if (isDeepStrictEqual(await importedEntries(em, ownerId), entries)) return { covered, changed: false };
    await em.execute('SAVEPOINT imported_nights');
    if (await replaceImported(em, ownerId, calendarListingId, entries)) {
      await em.execute('RELEASE SAVEPOINT imported_nights');
      return { covered, changed: true };
    }
    // A stay came to nights that were just seen free. It is there by now: look again.
    await em.execute('ROLLBACK TO SAVEPOINT imported_nights');
  }
  throw new RetryTransaction('stays kept coming to nights that were just seen free');
}

/** Takes the nights that an import of this listing wanted, and that no stay has any more. In a transaction of its own. */
export async function blockFreedNights(em: EntityManager, calendarListingId: number): Promise<void> {
  await lockImports(em, calendarListingId);
  await lockLinks(em, calendarListingId);
  let changed = false;
  for (const ownerId of await importOwners(em, calendarListingId)) {
    const nights = await importedEntries(em, ownerId);
    changed = (await writeImported(em, ownerId, calendarListingId, nights)).changed || changed;
  }
  if (changed) await mark(em, calendarListingId);
}
