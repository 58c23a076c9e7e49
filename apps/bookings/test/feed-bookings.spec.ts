import { EntityManager } from '@mikro-orm/postgresql';
import { eventually } from '@roost/testing';
import { lockPublications } from '../src/calendar/calendar-publisher.queries.js';
import { useBookings, type TestListing } from './bookings.fixture.js';
import { ical } from './feed-server.fixture.js';
import { formatRanges, useFeeds } from './feeds.fixture.js';

const bookings = useBookings({ at: '2026-12-01T12:00:00Z' });
const feeds = useFeeds(bookings);

describe('events that overlap stays', () => {
  it('echo: an event within a stay blocks nothing', async () => {
    const { listing } = await bookings.givenConfirmed();
    const feed = await feeds.given(listing, ical(['theirs', '0610', '0614'], ['part', '0611', '0613']));
    expect(await feed.log()).toMatchObject([{ outcome: 'imported', added: 2, echoes: 2, clashes: [] }]);
    expect(await feed.read()).toMatchObject({ events: 2, clashes: [] });
    expect(await feeds.blocked(listing)).toBe('');
  });

  it('clash: an event beyond a stay is reported and blocks the nights when the stay is cancelled', async () => {
    const booking = await bookings.givenConfirmed();
    const { listing } = booking;
    const feed = await feeds.given(listing, ical(['theirs', '0612', '0618']));
    const clash = { from: '2027-06-12', to: '2027-06-18' };
    expect(await feed.log()).toMatchObject([{ outcome: 'imported', echoes: 0, clashes: [clash] }]);
    expect((await feed.read()).clashes).toEqual([clash]);
    expect(await feeds.blocked(listing)).toBe('0614..0618');
    expect(await bookings.stateOf(booking)).toBe('confirmed');
    expect((await bookings.cancel(booking)).status).toBe(200);
    await eventually(async () => expect(await feeds.blocked(listing)).toBe('0612..0618'));
    expect((await feed.read()).clashes).toEqual([]);
    expect(await bookings.calendar.overlaps()).toEqual([]);
  });

  it('blocks nights that are released while the calendar is being published', async () => {
    const booking = await bookings.givenConfirmed();
    const { listing } = booking;
    await feeds.given(listing, ical(['theirs', '0612', '0618']));
    const [{ id } = { id: '' }] = await bookings.service.query<{ id: string }>(
      'SELECT id FROM calendar_listing WHERE public_id = $1',
      [listing.id],
    );
    const em = bookings.service.get(EntityManager).fork();
    await em.transactional(async (publishing) => {
      await lockPublications(publishing, [Number(id)]);
      // Read before the cancellation and published after it, so that both marks exist.
      await bookings.givenBooking({ listing, checkInDate: '2027-07-01', checkOutDate: '2027-07-05' });
      // A periodic sweep publishes as well.
      await eventually(async () => expect(await bookings.service.lockWaits()).toBeGreaterThan(0));
      expect((await bookings.cancel(booking)).status).toBe(200);
    });
    await eventually(async () => expect(await feeds.blocked(listing)).toBe('0612..0618'));
    expect(await bookings.calendar.overlaps()).toEqual([]);
  });

  it('expires an overdue hold of the nights', async () => {
    const hold = await bookings.givenBooking();
    await bookings.makeOverdue(hold);
    await feeds.given(hold.listing, ical(['theirs', '0612', '0618']));
    expect(await feeds.blocked(hold.listing)).toBe('0612..0618');
    expect(await bookings.stateOf(hold)).toBe('expired');
  });

  it('a feed of a house blocks its rooms except nights of a stay, and follows changes of the links', async () => {
    const { house, rooms } = await bookings.givenHouse();
    await bookings.calendar.link(house, rooms);
    const booking = await bookings.givenConfirmed({ listing: rooms[0] });
    const feed = await feeds.given(house, ical(['theirs', '0612', '0618']));
    expect((await feed.read()).clashes).toHaveLength(1);
    expect(await bookings.calendar.isFree(rooms[1], '2027-06-14')).toBe(false);
    await bookings.calendar.link(house, []);
    await eventually(async () => expect(await feeds.blocked(house)).toBe('0612..0618'));
    expect(await bookings.calendar.isFree(rooms[1], '2027-06-14')).toBe(true);
    expect((await bookings.calendar.link(house, rooms)).status).toBe(200);
    expect(await bookings.calendar.isFree(rooms[1], '2027-06-14')).toBe(false);
    await bookings.cancel(booking);
    await eventually(async () => expect(await feeds.blocked(house)).toBe('0612..0618'));
    expect(await bookings.calendar.overlaps()).toEqual([]);
  });
});

describe('a feed of our own export', () => {
  const exported = async (listing: TestListing): Promise<string> => {
    const made = await bookings
      .as(listing.host)
      .post<{ url: string }>(`/v1/listings/${listing.id}/calendar/export-url`);
    return (await bookings.service.anonymous.get<string>(new URL(made.body.url).pathname)).body;
  };
  const givenBookedListing = async () => {
    const listing = await bookings.givenListing({ rules: { preparationNights: 2 } });
    await bookings.givenConfirmed({ listing });
    await bookings.givenConfirmed({ listing, checkInDate: '2027-07-01', checkOutDate: '2027-07-05' });
    await bookings.calendar.block(listing, {
      from: '2027-06-15',
      to: '2027-06-20',
    });
    return listing;
  };
  const unavailable = async (listing: TestListing): Promise<string> => {
    const days = await bookings.calendar.hostDays(listing, { from: '2027-05-01', to: '2027-08-01' });
    const taken = days.filter(({ reason }) => reason !== null && reason !== 'window');
    return formatRanges(taken.map(({ date }) => date));
  };

  it('blocks the same nights of another listing', async () => {
    const booked = await givenBookedListing();
    const other = await bookings.givenListing();
    await feeds.given(other, await exported(booked));
    expect(await unavailable(other)).toBe('0608..0620 0629..0707');
    expect(await unavailable(other)).toBe(await unavailable(booked));
  });

  it('has no clash and blocks nothing of the same listing', async () => {
    const booked = await givenBookedListing();
    const before = await unavailable(booked);
    const feed = await feeds.given(booked, await exported(booked));
    expect(await feed.log()).toMatchObject([{ outcome: 'imported', clashes: [] }]);
    expect((await feed.log())[0]?.echoes).toBe((await feed.read()).events);
    expect(await unavailable(booked)).toBe(before);
    expect(await feeds.blocked(booked)).toBe('');
  });

  it('has no clash with other UIDs and merged events', async () => {
    const booked = await givenBookedListing();
    const feed = await feeds.given(booked, ical(['one', '0608', '0620'], ['two', '0629', '0707']));
    expect(await feed.log()).toMatchObject([{ echoes: 2, clashes: [] }]);
    expect(await feeds.blocked(booked)).toBe('');
  });

  it('contains imported nights only withImports', async () => {
    const listing = await bookings.givenListing();
    await feeds.given(listing, ical(['1', '0610', '0614']));
    expect(await exported(listing)).not.toContain('VEVENT');
    const made = await bookings
      .as(listing.host)
      .post<{ url: string }>(`/v1/listings/${listing.id}/calendar/export-url`, { withImports: true });
    const { body } = await bookings.service.anonymous.get<string>(new URL(made.body.url).pathname);
    expect(body).toContain('DTSTART;VALUE=DATE:20270610');
  });
});
