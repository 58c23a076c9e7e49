import { uuidv7 } from '@roost/platform';
import { addDays } from '@roost/stay';
import type { TestService, TestUser } from '@roost/testing';
import { aHost, beginAtNoon, createPublished, startListings } from './listings.fixture.js';

let service: TestService;
let host: TestUser;
let today: string;
beforeAll(async () => {
  service = await startListings();
  today = await beginAtNoon(service);
  host = aHost();
});
afterAll(() => service.close());

const isFound = async (listingId: string, from: string, to: string) => {
  const res = await service.anonymous.get<{ data: { id: string }[] }>(
    `/v1/listings/search?hostId=${host.id}&checkIn=${from}&checkOut=${to}&limit=100`,
  );
  expect(res.status).toBe(200);
  return res.body.data.some(({ id }) => id === listingId);
};

test('excludes a listing from searches that overlap blocked nights; the check-out day is available', async () => {
  const { id: listingId } = await createPublished(service, host);
  const [a, b, c, d] = [10, 12, 14, 16].map((n) => addDays(today, n)) as [string, string, string, string];
  expect(await isFound(listingId, b, c)).toBe(true);
  await service.deliver('calendar.changed', { listingId, blocked: [{ from: b, to: c }] }, { version: 1 });
  expect(await isFound(listingId, b, c)).toBe(false);
  expect(await isFound(listingId, a, addDays(b, 1))).toBe(false);
  expect(await isFound(listingId, addDays(c, -1), d)).toBe(false);
  expect(await isFound(listingId, a, b)).toBe(true);
  expect(await isFound(listingId, c, d)).toBe(true);
});

test('applies the newest version, independent of the order of arrival', async () => {
  const { id: listingId } = await createPublished(service, host);
  const [from, to] = [addDays(today, 20), addDays(today, 22)];
  const blockedCalendar = { listingId, blocked: [{ from, to }] };
  const freeCalendar = { listingId, blocked: [] };
  await service.deliver('calendar.changed', blockedCalendar, { version: 3 });
  await service.deliver('calendar.changed', freeCalendar, { version: 2 });
  expect(await isFound(listingId, from, to)).toBe(false);
  await service.deliver('calendar.changed', freeCalendar, { version: 4, times: 3 });
  expect(await isFound(listingId, from, to)).toBe(true);
  await service.deliver('calendar.changed', blockedCalendar, { version: 4 });
  expect(await isFound(listingId, from, to)).toBe(true);
});

test('stores the calendar of a listing that does not exist yet, and replay rebuilds the projection', async () => {
  const listingId = uuidv7();
  const blocked = [
    { from: addDays(today, 3), to: addDays(today, 5) },
    { from: addDays(today, 9), to: addDays(today, 10) },
  ];
  const allRows = () =>
    service.query(`SELECT listing_id, version, blocked::text FROM listing_calendar ORDER BY listing_id`);
  await service.deliver('calendar.changed', { listingId, blocked }, { version: 7 });
  const before = await allRows();
  const stored = await service.query<{ listing_id: string; version: number }>(
    `SELECT listing_id, version FROM listing_calendar WHERE listing_id = $1`,
    [listingId],
  );
  expect(stored).toEqual([{ listing_id: listingId, version: 7 }]);
  await service.query(`DELETE FROM listing_calendar WHERE listing_id = $1`, [listingId]);
  await service.deliver('calendar.changed', { listingId, blocked: [] }, { version: 6 });
  await service.deliver('calendar.changed', { listingId, blocked }, { version: 7 });
  expect(await allRows()).toEqual(before);
});
