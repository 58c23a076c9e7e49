import { events, type EventType } from '@roost/contracts';
import { testUser, eventually, expectGolden, optionalFields } from '@roost/testing';
import { useBookings } from './bookings.fixture.js';
import { useFeeds } from './feeds.fixture.js';

const bookings = useBookings();
const feeds = useFeeds(bookings);

const UNREADABLE =
  'BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:NaN\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n';

const bookingsEvents = (Object.keys(events) as EventType[]).filter((type) =>
  events[type].topic.startsWith('bookings.'),
);

/** Publishes each event type once. Children, taxes, a discount and extra guests fill all lists of the bodies. */
async function publishEveryEvent(): Promise<void> {
  const price = {
    extraGuest: { above: 1, perNightMinor: 1_000 },
    discounts: { earlyBird: { days: 1, bps: 1_000 } },
    taxes: [{ name: 'City tax', kind: 'percent' as const, bps: 500 }],
  } as object;
  const guests = { adults: 2, children: [{ age: 7 }], infants: 1, pets: 0 };
  const instant = () => bookings.givenListing({ price });
  const request = () => bookings.givenListing({ price, bookingMode: 'request' });
  const guest = testUser();

  const changed = await bookings.givenConfirmed({ listing: await instant(), guest, guests });
  await bookings.as(guest).post(`/v1/threads/${changed.id}/messages`, { text: 'Hello' });
  await bookings.as(guest).post(`/v1/listings/${(await instant()).id}/threads`, { text: 'Is there a cot?' });
  const longer = await bookings.changes.givenAccepted(changed, { checkOutDate: '2027-06-15' });
  await bookings.payments.changeCaptured(changed, longer);
  const other = await bookings.changes.givenProposed(changed, { checkOutDate: '2027-06-16' });
  await bookings.changes.respond(changed, other, 'decline');
  const cancelled = await bookings.givenConfirmed({ listing: await instant(), guest, guests });
  await bookings.as(guest).post(`/v1/bookings/${cancelled.id}/cancel`, { reason: 'Plans changed' });

  const accepted = await bookings.givenRequest({ listing: await request(), guest, guests });
  await bookings.accept(accepted);
  await bookings.payments.captured(accepted);
  const declined = await bookings.givenRequest({ listing: await request(), guest, guests });
  await bookings.decline(declined);
  await bookings.givenBooking({ listing: await instant(), guest, guests });
  await feeds.given(await instant(), UNREADABLE);
  await bookings.service.clock.advance('PT1H');
  await bookings.service.clock.set(changed.dto.checkInAt);
  await bookings.service.clock.advance('P7D');
}

test('publishes every event type of bookings like its fixture, with every field of the contract', async () => {
  await publishEveryEvent();
  await eventually(async () => {
    expect([...(await expectGolden(bookings.service))].toSorted()).toEqual(bookingsEvents.toSorted());
  });
  for (const type of bookingsEvents) {
    const bodies = await bookings.service.published(type);
    for (const body of bodies)
      expect(Object.keys(body)).toEqual(expect.arrayContaining(optionalFields(type)));
  }
  const [created] = await bookings.service.published('booking.created');
  expect(new Set(created?.lines.map(({ kind }) => kind))).toEqual(
    new Set(['night', 'discount', 'extra_guest', 'cleaning', 'service_fee', 'tax']),
  );
  const [cancelledBody] = await bookings.service.published('booking.cancelled');
  expect(cancelledBody?.refundLines.length).toBeGreaterThan(0);
});

test('counts bookings, cancellations and quotes by the events that were published', async () => {
  const { body } = await bookings.service.anonymous.get<string>('/metrics');
  const sum = (name: string, ...labels: string[]) =>
    body
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`) && labels.every((label) => line.includes(label)))
      .reduce((total, line) => total + Number(line.split(' ').at(-1)), 0);
  const published = async (type: EventType) => (await bookings.service.published(type)).length;
  const created = await published('booking.created');
  expect(created).toBeGreaterThan(0);
  expect(sum('roost_bookings_total', 'step="created"')).toBe(created);
  expect(sum('roost_events_published_total', 'type="booking.created"')).toBe(created);
  expect(sum('roost_booking_cancellations_total', 'by="guest"')).toBe(await published('booking.cancelled'));
  expect(sum('roost_quotes_total', 'outcome="created"')).toBeGreaterThanOrEqual(created);
  const totals = (await bookings.service.published('booking.confirmed')).map(({ totalMinor }) => totalMinor);
  expect(sum('roost_booked_minor_total', 'currency="USD"')).toBe(totals.reduce((a, b) => a + b));
});
