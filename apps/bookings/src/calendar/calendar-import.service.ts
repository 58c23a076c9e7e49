import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { importedRow, type ImportResult, type ImportResults, readRow, refusedRow } from '@roost/http';
import { Clock, Problem } from '@roost/platform';
import { BookingSweeper } from '../booking/booking-sweeper.jobs.js';
import { ListingSnapshotService } from '../listing-snapshot/listing-snapshot.service.js';
import { CalendarPublisher } from './calendar-publisher.service.js';
import { ImportedBlocks, type ImportBlocks } from './calendar-import.dto.js';
import { lockLinks, mark } from './calendar.queries.js';
import { importOwner, lockImports } from './imported-entries.queries.js';
import { writeImported } from './imported-entries.js';
import { rejectStaleHolds } from './stale-holds.port.js';

/** Nights that are not offered elsewhere are not offered here. What our own guests have stays theirs. */
@Injectable()
export class CalendarImportService {
  constructor(
    private readonly transactions: Transactions,
    private readonly listings: ListingSnapshotService,
    private readonly publisher: CalendarPublisher,
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
    await lockImports(em, id);
    await lockLinks(em, id);
    const { ownerId, isNew } = await importOwner(em, id, source);
    await rejectStaleHolds(em, id, row.blocked, this.clock.now());
    const { covered, changed } = await writeImported(em, ownerId, id, row.blocked);
    const result = importedRow(row.externalId, row.listingId, isNew ? 'created' : 'updated');
    const told = covered.length > 0 ? { ...result, ...COVERED } : result;
    if (!isNew && !changed) return { ...told, outcome: 'unchanged' };
    await mark(em, id);
    this.publisher.publishAfterCommit();
    return told;
  }
}

const COVERED = {
  code: 'calendar.dates_taken',
  pointer: '/blocked',
  detail: 'Bookings here have some of these nights; the others are blocked',
};
