import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { type AuthUser, encryptStoredResponse } from '@roost/http';
import { type BaseConfig, Clock, CONFIG, hashToken, Problem, randomToken } from '@roost/platform';
import { localDate } from '@roost/stay';
import { ListingSnapshotService } from '../listing-snapshot/listing-snapshot.service.js';
import type { CreateExportUrl, ExportUrl, MaskedExportUrl } from './calendar-export.dto.js';
import { findExport, findExportOf, storeExport } from './calendar-export.queries.js';
import { exportedNights, writeIcal } from './domain/ical-export.js';
import { nightsToExport } from './occupied-nights.queries.js';

/** The calendar of a listing as an iCalendar file, under a secret URL. */
@Injectable()
export class CalendarExportService {
  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly listings: ListingSnapshotService,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: BaseConfig,
  ) {}

  /** Creates a new URL and revokes the previous one. Only the hash of the token is stored. */
  async createUrl(host: AuthUser, listingId: string, { withImports }: CreateExportUrl): Promise<ExportUrl> {
    encryptStoredResponse();
    const { calendarListingId } = await this.listings.findOwn(listingId, host.id);
    const token = randomToken();
    const tokenHash = hashToken(token);
    const at = this.clock.now();
    await this.transactions.run((em) => storeExport(em, { calendarListingId, tokenHash, withImports, at }));
    return { url: `${this.config.PUBLIC_URL}/v1/calendars/${token}.ics`, withImports };
  }

  /** The URL without its token. Throws 404 `calendar.not_found` if none was created. */
  async maskedUrl(host: AuthUser, listingId: string): Promise<MaskedExportUrl> {
    const em = this.em.fork();
    const { calendarListingId } = await this.listings.findOwn(listingId, host.id, em);
    const found = await findExportOf(em, calendarListingId);
    if (!found) throw new Problem('calendar.not_found');
    const { withImports, createdAt } = found;
    const url = `${this.config.PUBLIC_URL}/v1/calendars/….ics`;
    return { url, withImports, createdAt: new Date(createdAt).toISOString() };
  }

  /** Returns RFC 5545 text. Throws 404 `calendar.not_found` for an unknown or revoked token. */
  async read(token: string): Promise<string> {
    const em = this.em.fork();
    const found = await findExport(em, hashToken(token));
    if (!found) throw new Problem('calendar.not_found');
    const { listingId, withImports, changedAt } = found;
    const today = localDate(this.clock.now(), found.timeZone ?? 'UTC');
    const nights = await nightsToExport(em, Number(found.calendarListingId), today, withImports);
    return writeIcal(exportedNights(listingId, nights, digest), changedAt);
  }
}

const digest = (text: string): string => hashToken(text).toString('hex');
