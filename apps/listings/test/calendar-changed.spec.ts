import { uuidv7 } from '@roost/platform';
import { addDays, localDate } from '@roost/stay';
import type { TestService, TestUser } from '@roost/testing';
import { aHost, givenPublished, startListings } from './given.js';

let service: TestService;
let host: TestUser;
beforeAll(async () => {
  service = await startListings();
  host = aHost();
});
afterAll(() => service.close());

const today = () => localDate(service.clock.now(), 'America/New_York');
const isFree = async (listingId: string, from: string, to: string) => {
  const res = await service.anonymous.get<{ data: { id: string }[] }>(
    `/v1/listings/search?hostId=${host.id}&checkIn=${from}&checkOut=${to}&limit=100`,
  );
  expect(res.status).toBe(200);
  return res.body.data.some(({ id }) => id === listingId);
};

test('taken nights hide a listing from searches that touch them; the check-out day is free', async () => {
  const { id: listingId } = await givenPublished(service, host);
  const [a, b, c, d] = [10, 12, 14, 16].map((n) => addDays(today(), n)) as [string, string, string, string];
  expect(await isFree(listingId, b, c)).toBe(true);
  await service.deliver('calendar.changed', { listingId, blocked: [{ from: b, to: c }] }, { version: 1 });
  expect(await isFree(listingId, b, c)).toBe(false);
  expect(await isFree(listingId, a, addDays(b, 1))).toBe(false);
  expect(await isFree(listingId, addDays(c, -1), d)).toBe(false);
  expect(await isFree(listingId, a, b)).toBe(true);
  expect(await isFree(listingId, c, d)).toBe(true);
});

test('the newest version counts, in whatever order they come', async () => {
  const { id: listingId } = await givenPublished(service, host);
  const [from, to] = [addDays(today(), 20), addDays(today(), 22)];
  const taken = { listingId, blocked: [{ from, to }] };
  const free = { listingId, blocked: [] };
  await service.deliver('calendar.changed', taken, { version: 3 });
  await service.deliver('calendar.changed', free, { version: 2 });
  expect(await isFree(listingId, from, to)).toBe(false);
  await service.deliver('calendar.changed', free, { version: 4, times: 3 });
  expect(await isFree(listingId, from, to)).toBe(true);
  await service.deliver('calendar.changed', taken, { version: 4 });
  expect(await isFree(listingId, from, to)).toBe(true);
});

test('the calendar of a listing that is not here is kept for when it is, and replay rebuilds the projection', async () => {
  const listingId = uuidv7();
  const blocked = [
    { from: addDays(today(), 3), to: addDays(today(), 5) },
    { from: addDays(today(), 9), to: addDays(today(), 10) },
  ];
  const checksum = () =>
    service.query(`SELECT listing_id, version, blocked::text FROM listing_calendar ORDER BY listing_id`);
  await service.deliver('calendar.changed', { listingId, blocked }, { version: 7 });
  const before = await checksum();
  const known = await service.query<{ listing_id: string; version: number }>(
    `SELECT listing_id, version FROM listing_calendar WHERE listing_id = $1`,
    [listingId],
  );
  expect(known).toEqual([{ listing_id: listingId, version: 7 }]);
  await service.query(`DELETE FROM listing_calendar WHERE listing_id = $1`, [listingId]);
  await service.deliver('calendar.changed', { listingId, blocked: [] }, { version: 6 });
  await service.deliver('calendar.changed', { listingId, blocked }, { version: 7 });
  expect(await checksum()).toEqual(before);
});
