import { setTimeout as pause } from 'node:timers/promises';
import { localDate, nightCount } from '@roost/stay';
import { Batches, type Result, type Route } from './batches.js';
import { CsvFile } from './csv-file.js';
import {
  type Defaults,
  type HostToImport,
  LISTING_COLUMNS,
  type ListingToImport,
  OPTIONAL_LISTING_COLUMNS,
  readListing,
} from './listing-row.js';
import type { Operator } from './operator.js';
import { cityOfFile } from './place.js';
import { isInvisible, nameOf, plainText, withoutContacts } from './plain-text.js';
import { Progress, type Screen } from './progress.js';
import { type Kind, Report } from './report.js';
import { Survey } from './survey.js';
import { UnavailableRuns } from './unavailable-runs.js';

export const SOURCE = 'inside-airbnb';

export interface InsideAirbnb {
  listings: string;
  calendar?: string | undefined;
  reviews?: string | undefined;
  city?: string | undefined;
  country?: string | undefined;
  timeZone?: string | undefined;
  currency?: string | undefined;
  instant: boolean;
  shiftToToday: boolean;
}

/** New listings reach the calendar by event. This is the longest wait for the next one to arrive. */
const ARRIVED_WITHIN_MS = 60_000;
const CHUNK = 100;

interface ListingRow extends ListingToImport {
  hostId: string;
}

interface BlocksRow {
  externalId: string;
  listingId: string;
  blocked: { from: string; to: string }[];
}

interface ReviewRow {
  externalId: string;
  listingId: string;
  authorName: string;
  text: string;
  writtenAt: string;
}

/** One run over the files of one city. Records of earlier runs are found by their numbers in the files. */
export class InsideAirbnbImport {
  readonly report = new Report();
  /** Ids by the numbers in the files. */
  private readonly hostIds = new Map<string, string | null>();
  private readonly listings = new Map<string, string>();
  private timeZone: string | null = null;

  constructor(
    private readonly operator: Operator,
    private readonly files: InsideAirbnb,
    private readonly screen: Screen,
    private readonly now: () => Date = () => new Date(),
  ) {}

  async run(): Promise<Report> {
    // Opens all files first, so that a wrong name is reported at once.
    const { listings, calendar, reviews } = this.files;
    const listingsFile = await CsvFile.open(listings, LISTING_COLUMNS, OPTIONAL_LISTING_COLUMNS);
    const calendarFile = calendar ? await CsvFile.open(calendar, ['listing_id', 'date', 'available']) : null;
    const reviewsFile = reviews
      ? await CsvFile.open(
          reviews,
          ['listing_id', 'id', 'date', 'reviewer_name', 'comments'],
          ['reviewer_name'],
        )
      : null;
    await this.importListings(listingsFile);
    if (calendarFile) await this.importCalendar(calendarFile);
    if (reviewsFile) await this.importReviews(reviewsFile);
    return this.report;
  }

  private async importListings(file: CsvFile<(typeof LISTING_COLUMNS)[number]>): Promise<void> {
    const defaults = await this.survey(file);
    const batches = new Batches<ListingRow>(this.operator, {
      ...route('listings', CHUNK),
      onResult: (row, result) => {
        this.report.result('listings', result, `listing ${row.externalId}`);
        if (result.id !== null) this.listings.set(row.externalId, result.id);
      },
    });
    let chunk: { host: HostToImport; listing: ListingToImport }[] = [];
    const send = async () => {
      await this.importHosts(chunk.map(({ host }) => host));
      for (const { host, listing } of chunk) {
        const hostId = this.hostIds.get(host.externalId) ?? null;
        if (hostId) await batches.add({ ...listing, hostId });
        else this.report.skip('listings', 'its host was rejected', `listing ${listing.externalId}`);
      }
      chunk = [];
    };
    await this.read(file, 'listings', async ({ cells, line }) => {
      const read = readListing(cells, defaults);
      const example = `listing ${cells.id || `in line ${line}`}`;
      if ('skipped' in read) return this.report.skip('listings', read.skipped, example);
      for (const note of read.notes) this.report.note('listings', note, example);
      this.timeZone ??= read.listing.content.timeZone;
      if (chunk.push(read) >= CHUNK) await send();
    });
    await send();
    await batches.flush();
  }

  /** Reads the whole file, so that a file that needs an option fails before anything is written. */
  private async survey(file: CsvFile<(typeof LISTING_COLUMNS)[number]>): Promise<Defaults> {
    const { listings, city, country, timeZone, currency, instant } = this.files;
    const defaults: Defaults = {
      city: city ?? cityOfFile(listings),
      country: country ?? null,
      timeZone: timeZone ?? null,
      currency: currency ?? null,
      instant,
      mainCountry: null,
    };
    const survey = new Survey();
    for await (const { cells } of file.rows()) survey.add(readListing(cells, defaults));
    survey.requireOneCurrency();
    return { ...defaults, mainCountry: survey.mainCountry };
  }

  private async importHosts(hosts: HostToImport[]): Promise<void> {
    const batches = new Batches<HostToImport>(this.operator, {
      ...route('hosts', CHUNK),
      onResult: (row, result) => {
        this.report.result('hosts', result, `host ${row.externalId}`);
        this.hostIds.set(row.externalId, result.id);
      },
    });
    const distinct = new Map(hosts.map((host) => [host.externalId, host]));
    for (const [externalId, host] of distinct) if (!this.hostIds.has(externalId)) await batches.add(host);
    await batches.flush();
  }

  private async importCalendar(file: CsvFile<'listing_id' | 'date' | 'available'>): Promise<void> {
    const runs = new UnavailableRuns();
    const otherListings = new Set<string>();
    await this.read(file, 'calendar', ({ cells, line }) => {
      if (!this.listings.has(cells.listing_id)) {
        otherListings.add(cells.listing_id);
        return;
      }
      if (!runs.add(cells.listing_id, cells.date.trim(), cells.available.trim() === 't')) {
        this.report.note('calendars', 'a day was skipped: its date is invalid', `line ${line}`);
      }
    });
    for (const other of otherListings)
      this.report.skip('calendars', 'its listing was not imported', `listing ${other}`);
    const today = localDate(this.now(), this.timeZone ?? 'UTC');
    const shift = this.files.shiftToToday && runs.firstDate ? nightCount(runs.firstDate, today) : 0;
    await this.sendBlocks([...runs.ranges(shift)]);
  }

  private async sendBlocks(calendars: { listing: string; blocked: BlocksRow['blocked'] }[]): Promise<void> {
    const progress = new Progress(this.screen, 'blocks');
    let waiting: BlocksRow[] = calendars.map(({ listing, blocked }) => ({
      externalId: listing,
      listingId: this.listings.get(listing) ?? '',
      blocked,
    }));
    let done = 0;
    for (let deadline = performance.now() + ARRIVED_WITHIN_MS; waiting.length > 0;) {
      const early: BlocksRow[] = [];
      const batches = new Batches<BlocksRow>(this.operator, {
        ...route('blocks', 50),
        onResult: (row, result) => {
          if (result.code === 'listing.not_found' && performance.now() < deadline) {
            early.push(row);
            return;
          }
          deadline = Math.max(deadline, performance.now() + ARRIVED_WITHIN_MS);
          this.report.result('calendars', result, `listing ${row.externalId}`);
          progress.update(++done / calendars.length, done);
        },
      });
      for (const row of waiting) await batches.add(row);
      await batches.flush();
      if (early.length > 0) await pause(500);
      waiting = early;
    }
    progress.done(done);
  }

  private async importReviews(
    file: CsvFile<'listing_id' | 'id' | 'date' | 'reviewer_name' | 'comments'>,
  ): Promise<void> {
    const batches = new Batches<ReviewRow>(this.operator, {
      ...route('reviews', 200),
      onResult: (row, result) => this.report.result('reviews', result, `review ${row.externalId}`),
    });
    await this.read(file, 'reviews', async ({ cells, line }) => {
      const example = `review ${cells.id || `in line ${line}`}`;
      const listingId = this.listings.get(cells.listing_id);
      if (listingId === undefined)
        return this.report.skip('reviews', 'its listing was not imported', example);
      const notes: string[] = [];
      const text = withoutContacts(plainText(cells.comments), notes);
      if (isInvisible(text)) return this.report.skip('reviews', 'no text', example);
      const authorName = nameOf(cells.reviewer_name, 'Guest', notes);
      for (const note of notes) this.report.note('reviews', note, example);
      await batches.add({
        externalId: cells.id.trim(),
        listingId,
        authorName,
        text,
        writtenAt: cells.date.trim(),
      });
    });
    await batches.flush();
  }

  private async read<Column extends string>(
    file: CsvFile<Column>,
    what: string,
    handle: (row: { line: number; cells: Record<Column, string> }) => unknown,
  ): Promise<void> {
    const progress = new Progress(this.screen, what);
    let rows = 0;
    try {
      for await (const row of file.rows()) {
        rows += 1;
        const handled = handle(row);
        if (handled instanceof Promise) await handled;
        progress.update(file.share, rows);
      }
    } catch (error) {
      progress.abandon();
      throw error;
    }
    progress.done(rows);
    const kind: Kind = what === 'calendar' ? 'calendars' : (what as Kind);
    for (const { line, reason } of file.broken)
      this.report.skip(kind, `not a row of CSV (${reason})`, `line ${line}`);
  }
}

/** The parts of a route that all services share. */
function route(name: string, maxRows: number): Omit<Route<never>, 'onResult'> {
  return {
    path: `/v1/admin/imports/${name}`,
    maxRows,
    body: (rows) => `{"source":"${SOURCE}","rows":[${rows.join(',')}]}`,
    results: (body) => (body as { results: Result[] }).results,
  };
}
