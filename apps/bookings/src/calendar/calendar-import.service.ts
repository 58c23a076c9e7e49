import { isDeepStrictEqual } from 'node:util';
import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { RetryTransaction, Transactions } from '@roost/messaging';
import {
  Clock,
  importedRow,
  type ImportResult,
  type ImportResults,
  Problem,
  readRow,
  refusedRow,
} from '@roost/platform';
import { compareDates, mergeRanges } from '@roost/stay';
import { BookingSweeper, NightsTaken } from '../booking/booking.sweeper.js';
import { ListingSnapshots } from '../listing-snapshot/listing-snapshot.service.js';
import { CalendarAnnouncer } from './calendar.announcer.js';
import { ImportedBlocks, type ImportBlocks } from './calendar-import.dto.js';
import {
  claimImport,
  importedEntries,
  importOwner,
  lockLinks,
  mark,
  release,
  staleHolds,
  stayNights,
} from './calendar.queries.js';
import { importedNights, type ImportedNights } from './domain/imported-nights.js';

/** Nights that are not offered elsewhere are not offered here. What our own guests have stays theirs. */
@Injectable()
export class CalendarImport {
  constructor(
    private readonly transactions: Transactions,
    private readonly listings: ListingSnapshots,
    private readonly announcer: CalendarAnnouncer,
    private readonly sweeper: BookingSweeper,
    private readonly clock: Clock,
  ) {}

  /** One transaction per listing. */
  async blocks(batch: ImportBlocks): Promise<ImportResults> {
    const results: ImportResult[] = [];
    for (const row of batch.rows) {
      const { value, refused } = readRow(ImportedBlocks, row);
      results.push(value ? await this.importRow(batch.source, value) : refused);
    }
    return { results };
  }

  private async importRow(source: string, row: ImportedBlocks): Promise<ImportResult> {
    try {
      return await this.sweeper.endStaleHoldsFirst(() =>
        // READ COMMITTED: each statement after the lock has to see what the lock waited for.
        this.transactions.run((em) => this.replace(em, source, row), { isolation: 'read committed' }),
      );
    } catch (error) {
      if (error instanceof Problem) return refusedRow(row.externalId, error);
      throw error;
    }
  }

  private async replace(em: EntityManager, source: string, row: ImportedBlocks): Promise<ImportResult> {
    const listing = await this.listings.find(row.listingId, em);
    if (!listing) throw new Problem('listing.not_found');
    const id = listing.calendarListingId;
    await lockLinks(em, id);
    const { ownerId, isNew } = await importOwner(em, id, source);
    const wanted = await this.wanted(em, id, row);
    const entries = [
      ...wanted.blocking.map((range) => ({ ...range, live: true })),
      ...wanted.covered.map((range) => ({ ...range, live: false })),
    ].sort((a, b) => compareDates(a.from, b.from));
    const result = importedRow(row.externalId, row.listingId, isNew ? 'created' : 'updated');
    const told = wanted.covered.length > 0 ? { ...result, ...COVERED } : result;
    if (!isNew && isDeepStrictEqual(await importedEntries(em, ownerId), entries)) {
      return { ...told, outcome: 'unchanged' };
    }
    await release(em, ownerId);
    if (!(await claimImport(em, ownerId, id, entries))) {
      throw new RetryTransaction('a stay came to nights that were just seen free');
    }
    await mark(em, id);
    this.announcer.announceAfterCommit();
    return told;
  }

  private async wanted(em: EntityManager, id: number, { blocked }: ImportedBlocks): Promise<ImportedNights> {
    const runs = mergeRanges(blocked);
    const [first, last] = [runs.at(0), runs.at(-1)];
    if (!first || !last) return { blocking: [], covered: [] };
    const span = {
      calendarListingId: id,
      checkInDate: first.from,
      checkOutDate: last.to,
      preparationNights: 0,
    };
    const stale = await staleHolds(em, span, this.clock.now());
    if (stale.length > 0) throw new NightsTaken('calendar.dates_taken', span);
    return importedNights(runs, await stayNights(em, id, first.from, last.to));
  }
}

const COVERED = {
  code: 'calendar.dates_taken',
  pointer: '/blocked',
  detail: 'Bookings here have some of these nights; the others are blocked',
};
