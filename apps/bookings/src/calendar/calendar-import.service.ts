import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { AuditLog } from '@roost/audit';
import { Transactions } from '@roost/messaging';
import {
  type AuthUser,
  importedRow,
  type ImportResult,
  type ImportResults,
  parseRow,
  rejectedRow,
} from '@roost/http';
import { Clock, Problem } from '@roost/platform';
import { ListingSnapshotService } from '../listing-snapshot/listing-snapshot.service.js';
import { ImportedBlocks, type ImportBlocks } from './calendar-import.dto.js';
import { CalendarPublisher } from './calendar-publisher.service.js';
import { lockLinks, markDirty } from './calendar.queries.js';
import { writeImported } from './imported-entries.js';
import { importOwner, lockImports } from './imported-entries.queries.js';
import { rejectStaleHolds, StaleHolds } from './stale-holds.port.js';

interface RowRequest {
  admin: AuthUser;
  source: string;
  row: ImportedBlocks;
}

/** Imports nights that another marketplace does not offer. Nights of existing stays do not change. */
@Injectable()
export class CalendarImportService {
  constructor(
    private readonly transactions: Transactions,
    private readonly listings: ListingSnapshotService,
    private readonly publisher: CalendarPublisher,
    private readonly staleHolds: StaleHolds,
    private readonly auditLog: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** Runs one transaction per listing. */
  async blocks(admin: AuthUser, batch: ImportBlocks): Promise<ImportResults> {
    const results: ImportResult[] = [];
    for (const row of batch.rows) {
      const { value, rejected } = parseRow(ImportedBlocks, row);
      results.push(value ? await this.importRow({ admin, source: batch.source, row: value }) : rejected);
    }
    return { results };
  }

  private async importRow(request: RowRequest): Promise<ImportResult> {
    try {
      return await this.staleHolds.retryAfterEnding(() =>
        // READ COMMITTED: each statement after the lock has to see the changes that the lock waited for.
        this.transactions.run((em) => this.replace(em, request), { isolation: 'read committed' }),
      );
    } catch (error) {
      if (error instanceof Problem) return rejectedRow(request.row.externalId, error);
      throw error;
    }
  }

  private async replace(em: EntityManager, { admin, source, row }: RowRequest): Promise<ImportResult> {
    const listing = await this.listings.find(row.listingId, em);
    if (!listing) throw new Problem('listing.not_found');
    const id = listing.calendarListingId;
    await lockImports(em, id);
    await lockLinks(em, id);
    const { ownerId, isNew } = await importOwner(em, id, source);
    await rejectStaleHolds(em, id, row.blocked, this.clock.now());
    const { covered, changed } = await writeImported(em, ownerId, id, row.blocked);
    const imported = importedRow(row.externalId, row.listingId, isNew ? 'created' : 'updated');
    const result = covered.length > 0 ? { ...imported, ...COVERED } : imported;
    if (!isNew && !changed) return { ...result, outcome: 'unchanged' };
    await markDirty(em, id);
    await this.auditLog.record(em, {
      ...{ actor: admin, action: 'import.blocks', details: { source } },
      subject: { type: 'listing', id: row.listingId },
    });
    this.publisher.publishAfterCommit();
    return result;
  }
}

const COVERED = {
  code: 'calendar.dates_taken',
  pointer: '/blocked',
  detail: 'Bookings have some of these nights. The other nights are blocked.',
};
