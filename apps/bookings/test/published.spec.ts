import { events, type EventType } from '@roost/contracts';
import { aUser, eventually, expectLikeGolden, optionalFields } from '@roost/testing';
import { startBookings, type BookingsUnderTest } from './bookings.fixture.js';

let bookings: BookingsUnderTest;
beforeAll(async () => {
  bookings = await startBookings();
});
afterAll(() => bookings.close());

const ours = (Object.keys(events) as EventType[]).filter((type) =>
  events[type].topic.startsWith('bookings.'),
);

/** Of every kind one, with children, taxes, a discount and extra guests, so that no list in it is empty. */
async function lives(): Promise<void> {
  const price = {
    extraGuest: { above: 1, perNightMinor: 1_000 },
    discounts: { earlyBird: { days: 1, bps: 1_000 } },
    taxes: [{ name: 'City tax', kind: 'percent' as const, bps: 500 }],
  } as object;
  const guests = { adults: 2, children: [{ age: 7 }], infants: 1, pets: 0 };
  const instant = () => bookings.givenListing({ price });
  const request = () => bookings.givenListing({ price, bookingMode: 'request' });
  const guest = aUser();

  const stays = await bookings.givenConfirmed({ listing: await instant(), guest, guests });
  await bookings.as(guest).post(`/v1/threads/${stays.id}/messages`, { text: 'Hello' });
  await bookings.as(guest).post(`/v1/listings/${(await instant()).id}/threads`, { text: 'Is there a cot?' });
  const longer = await bookings.givenAccepted(stays, { checkOutDate: '2027-06-15' });
  await bookings.changePaid(stays, longer);
  const other = await bookings.givenChange(stays, { checkOutDate: '2027-06-16' });
  await bookings.answerChange(stays, other, 'decline');
  const given = await bookings.givenConfirmed({ listing: await instant(), guest, guests });
  await bookings.as(guest).post(`/v1/bookings/${given.id}/cancel`, { reason: 'Plans changed' });

  const accepted = await bookings.givenRequest({ listing: await request(), guest, guests });
  await bookings.as(accepted.listing.host).post(`/v1/bookings/${accepted.id}/accept`);
  await bookings.captured(accepted);
  const declined = await bookings.givenRequest({ listing: await request(), guest, guests });
  await bookings.as(declined.listing.host).post(`/v1/bookings/${declined.id}/decline`, { reason: 'No' });
  await bookings.givenBooking({ listing: await instant(), guest, guests });
  await bookings.service.clock.advance('PT1H');
  await bookings.service.clock.set(stays.dto.checkInAt);
  await bookings.service.clock.advance('P7D');
}

test('every type of event of bookings is published like its fixture, with every field that its contract has', async () => {
  await lives();
  await eventually(async () => {
    expect([...(await expectLikeGolden(bookings.service))].toSorted()).toEqual(ours.toSorted());
  });
  for (const type of ours) {
    const bodies = await bookings.service.published(type);
    for (const body of bodies)
      expect(Object.keys(body)).toEqual(expect.arrayContaining(optionalFields(type)));
  }
  const [created] = await bookings.service.published('booking.created');
  expect(new Set(created?.lines.map(({ kind }) => kind))).toEqual(
    new Set(['night', 'discount', 'extra_guest', 'cleaning', 'service_fee', 'tax']),
  );
  const [cancelled] = await bookings.service.published('booking.cancelled');
  expect(cancelled?.refundLines.length).toBeGreaterThan(0);
});
