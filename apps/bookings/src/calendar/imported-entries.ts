import { isDeepStrictEqual } from 'node:util';
import type { EntityManager } from '@mikro-orm/postgresql';
import { RetryTransaction } from '@roost/messaging';
import { compareDates, type DateRange, mergeRanges } from '@roost/stay';
import { lockLinks, markDirty } from './calendar.queries.js';
import { importedNights } from './domain/imported-nights.js';
import {
  importedEntries,
  importOwners,
  lockImports,
  replaceImported,
  stayNights,
  undoUnlessComplete,
} from './imported-entries.queries.js';

const MAX_ROUNDS = 5;

/**
 * Makes `unavailable` the nights of an import in this listing. Nights of stays are stored beside them and block nothing;
 * the import claims them once the stay has released them (see `blockFreedNights`). The caller holds `lockImports` and
 * `lockLinks`, at READ COMMITTED.
 */
export async function writeImported(
  em: EntityManager,
  ownerId: number,
  calendarListingId: number,
  unavailable: readonly DateRange[],
): Promise<{ covered: DateRange[]; changed: boolean }> {
  const merged = mergeRanges(unavailable);
  const [first, last] = [merged.at(0), merged.at(-1)];
  for (let round = 1; round <= MAX_ROUNDS; round += 1) {
    const stays = first && last ? await stayNights(em, calendarListingId, first.from, last.to) : [];
    const { blocking, covered } = importedNights(merged, stays);
    const entries = [
      ...blocking.map((range) => ({ ...range, live: true })),
      ...covered.map((range) => ({ ...range, live: false })),
    ].sort((a, b) => compareDates(a.from, b.from));
    if (isDeepStrictEqual(await importedEntries(em, ownerId), entries)) return { covered, changed: false };
    const replace = () => replaceImported(em, ownerId, calendarListingId, entries);
    if (await undoUnlessComplete(em, replace)) return { covered, changed: true };
    // A stay has claimed nights that were free when they were read. It is committed by now: read again.
  }
  throw new RetryTransaction('stays claimed the nights of an import again and again');
}

/** Claims the nights of this listing's imports that no stay has any more. In a transaction of its own. */
export async function blockFreedNights(em: EntityManager, calendarListingId: number): Promise<void> {
  await lockImports(em, calendarListingId);
  await lockLinks(em, calendarListingId);
  let changed = false;
  for (const ownerId of await importOwners(em, calendarListingId)) {
    const nights = await importedEntries(em, ownerId);
    changed = (await writeImported(em, ownerId, calendarListingId, nights)).changed || changed;
  }
  if (changed) await markDirty(em, calendarListingId);
}
