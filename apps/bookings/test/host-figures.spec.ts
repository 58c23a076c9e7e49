import { randomUUID } from 'node:crypto';
import { golden, eventually, testUser, type TestUser } from '@roost/testing';
import { juneStay, useBookings } from './bookings.fixture.js';
import { MessagesUnderTest } from './messages.fixture.js';

const bookings = useBookings({ resetClock: true });
const messages = new MessagesUnderTest(bookings);
let host: TestUser;
beforeEach(() => {
  host = testUser({ roles: ['host'] });
});

/** Computes the figures of all hosts at the current time. */
async function compute(): Promise<void> {
  await bookings.service.query(`UPDATE host_figures_run SET due_at = '-infinity'`);
  await bookings.sweep();
}

async function figuresOf({ id }: TestUser) {
  return (await bookings.service.published('host.figures-changed')).filter(({ hostId }) => hostId === id);
}

/** The clock runs during a test. */
const minutes = (expected: number) => expect.closeTo(expected, -1) as number;

const NONE = {
  completedStays: 0,
  completedNights: 0,
  hostCancellations: 0,
  responsesDue: 0,
  responsesInTime: 0,
  medianResponseMinutes: null,
};

it('counts enquiries that the host answered in time, late and never, and open ones after 24 hours', async () => {
  const listing = await bookings.givenListing({ host });
  const enquire = () => messages.givenEnquiry(testUser(), listing);
  const [inTime, late] = [await enquire(), await enquire()];
  await enquire();
  await bookings.service.clock.advance('PT2H');
  await messages.send(host, inTime.id, 'Yes, there is.');
  await bookings.service.clock.advance('PT23H');
  await messages.send(host, late.id, 'Sorry, there is none.');
  await messages.send(host, inTime.id, 'A second message is no second response.');
  await enquire();
  await compute();
  expect((await figuresOf(host)).at(-1)).toEqual({
    ...NONE,
    hostId: host.id,
    responsesDue: 3,
    responsesInTime: 1,
    medianResponseMinutes: minutes((2 * 60 + 25 * 60) / 2),
  });
  await bookings.service.clock.advance('PT24H');
  await compute();
  expect((await figuresOf(host)).at(-1)).toMatchObject({ responsesDue: 4, responsesInTime: 1 });
});

it('counts no unanswered enquiry that an administrator hides, or of a guest who is suspended or erased', async () => {
  const listing = await bookings.givenListing({ host });
  const guests = Array.from({ length: 5 }, () => testUser());
  const threads = await Promise.all(guests.map((guest) => messages.givenEnquiry(guest, listing)));
  const [answered, suspended, erased, , hidden] = guests;
  await messages.send(host, threads[0]?.id ?? '', 'Yes, there is.');
  for (const guest of [answered, suspended]) await bookings.publishUserStatus('user.suspended', guest!, 2);
  const erasure = { ...golden('user.erased'), userId: erased!.id };
  await bookings.service.deliver('user.erased', erasure, { version: 2 });
  const admin = bookings.as(testUser({ roles: ['admin'] }));
  const { lastMessage } = threads[guests.indexOf(hidden!)]!;
  await admin.post(`/v1/admin/messages/${lastMessage?.id}/hide`, { reason: 'Spam' });
  await bookings.service.clock.advance('P1D');
  await compute();
  expect((await figuresOf(host)).at(-1)).toMatchObject({ responsesDue: 2, responsesInTime: 1 });
});

it('counts requests that the host accepted, declined and missed, and none that the guest withdrew', async () => {
  const request = async () =>
    bookings.givenRequest({ listing: await bookings.givenListing({ host, bookingMode: 'request' }) });
  const [accepted, declined, withdrawn] = [await request(), await request(), await request()];
  await request();
  await bookings.service.clock.advance('PT1H');
  await bookings.accept(accepted);
  await bookings.cancel(withdrawn);
  await bookings.service.clock.advance('PT2H');
  await bookings.decline(declined);
  await compute();
  const answered = { responsesDue: 2, responsesInTime: 2, medianResponseMinutes: minutes(120) };
  expect(await figuresOf(host)).toEqual([{ ...NONE, hostId: host.id, ...answered }]);
  await bookings.service.clock.advance('P1D');
  await compute();
  expect((await figuresOf(host)).at(-1)).toEqual({ ...NONE, hostId: host.id, ...answered, responsesDue: 3 });
});

it('counts completed stays and cancellations by the host of the last 365 days', async () => {
  const confirmed = async (stay = juneStay) =>
    bookings.givenConfirmed({ listing: await bookings.givenListing({ host }), ...stay });
  const stay = await confirmed();
  await bookings.cancel(await confirmed(), 'guest');
  await bookings.cancel(await confirmed(), 'host');
  await bookings.cancel(await confirmed(), 'admin');
  await bookings.service.clock.set(stay.dto.checkOutAt);
  await compute();
  expect((await figuresOf(host)).at(-1)).toEqual({
    ...NONE,
    hostId: host.id,
    completedStays: 1,
    completedNights: 4,
    hostCancellations: 1,
  });
  await bookings.service.clock.advance('P365D');
  await compute();
  expect((await figuresOf(host)).at(-1)).toEqual({ ...NONE, hostId: host.id });
});

it('computes once a day, and publishes figures only when they have changed', async () => {
  const stay = await bookings.givenConfirmed({ listing: await bookings.givenListing({ host }) });
  await bookings.service.clock.set(stay.dto.checkOutAt);
  await compute();
  await compute();
  expect(await figuresOf(host)).toHaveLength(1);
  await messages.givenEnquiry(testUser(), stay.listing);
  await bookings.service.clock.advance('PT23H');
  expect(await figuresOf(host)).toHaveLength(1);
  await bookings.service.clock.advance('PT1H');
  expect((await figuresOf(host)).at(-1)).toMatchObject({ completedStays: 1, responsesDue: 1 });
  const versions = await bookings.service.query<{ version: string }>(
    `SELECT aggregate_version AS version FROM outbox_event WHERE type = 'host.figures-changed' AND key = $1 ORDER BY xid, id`,
    [host.id],
  );
  expect(versions.map(({ version }) => Number(version))).toEqual([1, 2]);
});

it('publishes nothing for hosts without bookings and enquiries', async () => {
  await bookings.givenListing({ host });
  await compute();
  expect(await figuresOf(host)).toEqual([]);
});

it('computes no figures of suspended hosts until they are reinstated', async () => {
  await messages.givenEnquiry(testUser(), await bookings.givenListing({ host }));
  await bookings.publishUserStatus('user.suspended', host, 2);
  await bookings.service.clock.advance('P1D');
  await compute();
  expect(await figuresOf(host)).toEqual([]);
  await bookings.publishUserStatus('user.reinstated', host, 3);
  await compute();
  expect(await figuresOf(host)).toMatchObject([{ responsesDue: 1 }]);
});

it('deletes the figures of an erased host, and computes none again', async () => {
  await messages.givenEnquiry(testUser(), await bookings.givenListing({ host }));
  await bookings.service.clock.advance('P1D');
  await compute();
  const stored = () => bookings.service.query('SELECT FROM host_figures WHERE host_id = $1', [host.id]);
  expect(await stored()).toHaveLength(1);
  const erased = { ...golden('user.erased'), userId: host.id };
  await bookings.service.deliver('user.erased', erased, { version: 9 });
  await bookings.service.deliver('privacy.erasure-requested', { userId: host.id, requestId: randomUUID() });
  await eventually(async () => expect(await stored()).toEqual([]));
  await compute();
  expect(await stored()).toEqual([]);
  // The stored event is overwritten, too.
  expect(await figuresOf(host)).toEqual([{ ...NONE, hostId: host.id }]);
});

it('computes the figures of all hosts page by page, and continues a run that was interrupted', async () => {
  const countAll = async () => (await bookings.service.query('SELECT FROM host_figures')).length;
  const before = await countAll();
  await bookings.service.query(
    `WITH host AS (SELECT gen_random_uuid() AS id FROM generate_series(1, 250)),
     listing AS (
       INSERT INTO listing_snapshot (listing_id, version, host_id, status, title, check_in_from, check_out_until,
         booking_mode, capacity, max_pets, stay_rules)
       SELECT id, 1, id, 'published', 'A flat', '15:00', '11:00', 'instant', 4, 0, '{}' FROM host)
     INSERT INTO thread (id, listing_id, guest_id, host_id, last_seq, created_at, opened_at)
     SELECT gen_random_uuid(), id, $1, id, 0, $2::timestamptz - interval '2 days', now() FROM host`,
    [randomUUID(), bookings.now()],
  );
  const ids = (
    await bookings.service.query<{ id: string }>(
      'SELECT DISTINCT host_id AS id FROM listing_snapshot ORDER BY 1',
    )
  ).map(({ id }) => id);
  const last = ids[ids.length - 10];
  await bookings.service.query('UPDATE host_figures_run SET last_host_id = $1', [last]);
  await compute();
  expect((await countAll()) - before).toBeLessThan(10);
  await compute();
  expect((await countAll()) - before).toBe(250);
});
