import { readFileSync } from 'node:fs';
import type { EventBody } from '@roost/contracts';
import { addDays, type DateRange } from '@roost/stay';
import { testServers, type TestResponse, type TestUser } from '@roost/testing';
import type { BookingsUnderTest, TestListing } from './bookings.fixture.js';

export interface HostDay {
  date: string;
  reason: string | null;
}

/** The calendars of the service under test: routes, events and the invariants of their tables. */
export class CalendarUnderTest {
  constructor(private readonly bookings: BookingsUnderTest) {}

  async isFree(listing: TestListing, night: string): Promise<boolean> {
    const { status, body } = await this.bookings.service.anonymous.get<{ data: { available: boolean }[] }>(
      `/v1/listings/${listing.id}/calendar?from=${night}&to=${addDays(night, 1)}`,
    );
    expect(status).toBe(200);
    return body.data[0]?.available === true;
  }

  /** The days of a calendar as the host sees them. */
  async hostDays(listing: TestListing, { from, to }: DateRange): Promise<HostDay[]> {
    const { body } = await this.bookings
      .as(listing.host)
      .get<{ data: HostDay[] }>(`/v1/listings/${listing.id}/calendar?from=${from}&to=${to}`);
    return body.data;
  }

  link(
    house: TestListing,
    rooms: { id: string }[],
    user: TestUser = house.host,
  ): Promise<TestResponse<{ listingIds: string[] }>> {
    const listingIds = rooms.map(({ id }) => id);
    return this.bookings.as(user).put(`/v1/listings/${house.id}/links`, { listingIds });
  }

  block(listing: TestListing, body: DateRange & { note?: string }): Promise<TestResponse<{ id: string }>> {
    return this.bookings
      .as(listing.host)
      .post<{ id: string }>(`/v1/listings/${listing.id}/calendar/blocks`, body);
  }

  /** The committed `calendar.changed` events of a listing, oldest first. */
  async published(listing: TestListing): Promise<EventBody<'calendar.changed'>[]> {
    const changed = await this.bookings.service.published('calendar.changed');
    return changed.filter(({ listingId }) => listingId === listing.id);
  }

  /** Pairs of overlapping entries of one space that two owners must not both have; does not rely on the constraint. */
  async overlaps(): Promise<unknown[]> {
    return await this.bookings.service.query(
      `SELECT a.owner_id, b.owner_id AS other FROM calendar_entry a JOIN calendar_entry b ON a.space_id = b.space_id
       WHERE a.live AND b.live AND a.owner_id < b.owner_id AND (a.kind = 'stay' OR b.kind = 'stay')
         AND lower(a.nights) < upper(b.nights) AND lower(b.nights) < upper(a.nights)`,
    );
  }

  /** Entries whose owner does not exist or has ended. */
  async orphanedEntries(): Promise<unknown[]> {
    return await this.bookings.service.query(
      `SELECT e.* FROM calendar_entry e
       WHERE NOT EXISTS (SELECT FROM calendar_block k WHERE k.owner_id = e.owner_id)
         AND NOT EXISTS (SELECT FROM calendar_import i WHERE i.owner_id = e.owner_id)
         AND NOT EXISTS (SELECT FROM calendar_feed f WHERE f.owner_id = e.owner_id)
         AND NOT EXISTS (SELECT FROM booking b WHERE b.owner_id = e.owner_id
           AND b.state NOT IN ('cancelled', 'declined', 'expired'))`,
    );
  }

  /** Entries of changes that are not open, and open changes that lack an entry. */
  async inconsistentChangeHolds(): Promise<unknown[]> {
    return await this.bookings.service.query(
      `SELECT e.change_id FROM calendar_entry e LEFT JOIN booking_change c ON c.id = e.change_id
       WHERE e.change_id IS NOT NULL AND (c.id IS NULL OR c.state NOT IN ('proposed', 'awaiting_payment'))
       UNION ALL
       SELECT c.id FROM booking_change c JOIN booking b ON b.id = c.booking_id
       JOIN listing_space s ON s.listing_id = b.calendar_listing_id
       LEFT JOIN calendar_entry e ON e.change_id = c.id AND e.owner_id = b.owner_id AND e.space_id = s.space_id
         AND e.kind = 'stay' AND e.live AND lower(e.nights) = c.check_in_date AND upper(e.nights) = c.check_out_date
       WHERE c.state IN ('proposed', 'awaiting_payment') AND e.id IS NULL
         AND (c.check_in_date, c.check_out_date) <> (b.check_in_date, b.check_out_date)`,
    );
  }

  /** Active bookings and blocks that lack an entry in a space of their listing. */
  async missingEntries(): Promise<unknown[]> {
    return await this.bookings.service.query(
      `SELECT o.owner_id, s.space_id FROM (
         SELECT owner_id, calendar_listing_id AS listing_id, 'stay' AS kind, check_in_date AS first, check_out_date AS last
         FROM booking WHERE state NOT IN ('cancelled', 'declined', 'expired')
         UNION ALL SELECT owner_id, listing_id, 'block', from_date, to_date FROM calendar_block) o
       JOIN listing_space s ON s.listing_id = o.listing_id
       LEFT JOIN calendar_entry e ON e.owner_id = o.owner_id AND e.space_id = s.space_id AND e.kind = o.kind AND e.live
         AND e.change_id IS NULL AND lower(e.nights) = o.first AND upper(e.nights) = o.last
       WHERE e.id IS NULL`,
    );
  }

  async expectConsistent(): Promise<void> {
    expect(await this.overlaps()).toEqual([]);
    expect(await this.missingEntries()).toEqual([]);
    expect(await this.orphanedEntries()).toEqual([]);
    expect(await this.inconsistentChangeHolds()).toEqual([]);
  }

  /** Deadlocks that PostgreSQL logged for the database of the service. */
  async deadlocks(): Promise<string[]> {
    const [{ name } = { name: '' }] = await this.bookings.service.query<{ name: string }>(
      'SELECT current_database() AS name',
    );
    const log = readFileSync((await testServers()).postgresLog, 'utf8');
    return log.split('\n').filter((line) => line.includes(name) && /deadlock detected/.test(line));
  }
}
