import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { type AuthUser, sealAnswer } from '@roost/http';
import { type BaseConfig, Clock, CONFIG, hashToken, Problem, randomToken } from '@roost/platform';
import { localDate } from '@roost/stay';
import { ListingSnapshotService } from '../listing-snapshot/listing-snapshot.service.js';
import type { CreateExportUrl, ExportUrl } from './calendar-export.dto.js';
import { nightsToExport } from './calendar.queries.js';
import { exportedNights, writeIcal } from './domain/ical-export.js';

interface Export {
  calendarListingId: string;
  listingId: string;
  withImports: boolean;
  timeZone: string | null;
  changedAt: Date;
}

/** The calendar of a listing as others read it, under an address that is a secret. */
@Injectable()
export class CalendarExportService {
  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly listings: ListingSnapshotService,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: BaseConfig,
  ) {}

  /** A new address; the one before it is dead from now on. Of the token only its hash is kept. */
  async createUrl(host: AuthUser, listingId: string, { withImports }: CreateExportUrl): Promise<ExportUrl> {
    sealAnswer();
    const listing = await this.listings.findOwn(listingId, host.id);
    const token = randomToken();
    await this.transactions.run((em) =>
      em.execute(
        `INSERT INTO calendar_export (listing_id, token_hash, with_imports, created_at) VALUES (?, ?, ?, ?)
         ON CONFLICT (listing_id) DO UPDATE SET token_hash = excluded.token_hash,
           with_imports = excluded.with_imports, created_at = excluded.created_at`,
        [listing.calendarListingId, hashToken(token), withImports, this.clock.now()],
      ),
    );
    return { url: `${this.config.PUBLIC_URL}/v1/calendars/${token}.ics`, withImports };
  }

  /** RFC 5545 text. */
  async read(token: string): Promise<string> {
    const em = this.em.fork();
    const [found] = await em.execute<Export[]>(
      `SELECT e.listing_id AS "calendarListingId", l.public_id AS "listingId", e.with_imports AS "withImports",
         s.time_zone AS "timeZone", greatest(e.created_at, k.changed_at) AS "changedAt"
       FROM calendar_export e JOIN calendar_listing l ON l.id = e.listing_id
       LEFT JOIN listing_snapshot s ON s.listing_id = l.public_id
       LEFT JOIN calendar_snapshot k ON k.listing_id = e.listing_id
       WHERE e.token_hash = ?`,
      [hashToken(token)],
    );
    if (!found) throw new Problem('calendar.not_found');
    const { listingId, withImports, changedAt } = found;
    const today = localDate(this.clock.now(), found.timeZone ?? 'UTC');
    const nights = await nightsToExport(em, Number(found.calendarListingId), today, withImports);
    return writeIcal(exportedNights(listingId, nights, digest), changedAt);
  }
}

const digest = (text: string): string => hashToken(text).toString('hex');
