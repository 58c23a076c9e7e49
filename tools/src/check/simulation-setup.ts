import { eventually, type TestClient } from '@roost/testing';
import { expectStatus } from './operation-recorder.js';
import { type Booking, LAST_DAY, type Listing, type SimulationContext } from './simulation-context.js';

const TIMEOUT = { seconds: 60 };

export interface HostAccount {
  client: TestClient;
  listings: readonly Listing[];
}

/**
 * Prepares the hosts with the most listings. Half of the listings have instant booking, and a third need a night of
 * preparation.
 */
export async function prepareHosts(context: SimulationContext, count: number): Promise<HostAccount[]> {
  const rows = await context.roost.query<Listing>(
    'listings',
    `SELECT id, host_id AS "hostId" FROM (
       SELECT id, host_id, row_number() OVER (PARTITION BY host_id ORDER BY id) AS position,
         count(*) OVER (PARTITION BY host_id) AS listings
       FROM listing WHERE status = 'published') l WHERE position <= 4 ORDER BY listings DESC, host_id, id`,
  );
  const byHost = [...Map.groupBy(rows, ({ hostId }) => hostId)].slice(0, count);
  const hosts = byHost.map(([hostId, listings]) => ({
    client: context.roost.as(hostId, ['host']),
    listings,
  }));
  context.listings = hosts.flatMap(({ listings }) => listings);
  await Promise.all(
    hosts.map(async ({ client, listings }) => {
      for (const [index, { id }] of listings.entries()) {
        const bookingMode = index % 2 === 0 ? 'instant' : 'request';
        expectStatus(200, await client.patch(`/v1/listings/${id}`, { bookingMode }));
        const rules = { minNights: 1, maxNights: 30, preparationNights: index % 3 === 1 ? 1 : 0 };
        expectStatus(200, await client.put(`/v1/listings/${id}/stay-rules`, rules));
      }
    }),
  );
  return hosts;
}

/**
 * Creates the rows that the seeded faults need and that the random operations may not create: a link after nights are
 * over, a paid booking, a refunded booking, a block.
 */
export async function createRequiredState(
  context: SimulationContext,
  hosts: readonly HostAccount[],
): Promise<void> {
  const [host] = hosts;
  const [house, room] = host?.listings ?? [];
  if (!host || !house || !room) throw new Error('no host has two listings');
  const calendar = `/v1/listings/${house.id}/calendar`;
  const pastBlock = { from: context.date(0), to: context.date(1) };
  expectStatus(201, await host.client.post(`${calendar}/blocks`, pastBlock));
  context.now = await context.roost.advance('P2D');
  expectStatus(200, await host.client.put(`/v1/listings/${house.id}/links`, { listingIds: [room.id] }));
  const guest = context.roost.as(await context.createGuest());
  await bookAndPay(context, guest, house.id, LAST_DAY + 20);
  const cancelled = await bookAndPay(context, guest, house.id, LAST_DAY + 30);
  const cancellation = { reason: 'Plans changed' };
  expectStatus(200, await guest.post(`/v1/bookings/${cancelled}/cancel`, cancellation));
  const futureBlock = { from: context.date(LAST_DAY + 40), to: context.date(LAST_DAY + 42) };
  expectStatus(201, await host.client.post(`${calendar}/blocks`, futureBlock));
}

/** Books three nights, pays, and waits for the confirmation. Returns the id of the booking. */
async function bookAndPay(
  context: SimulationContext,
  guest: TestClient,
  listingId: string,
  firstDay: number,
): Promise<string> {
  const booking = await bookInstantly(guest, {
    listingId,
    checkInDate: context.date(firstDay),
    checkOutDate: context.date(firstDay + 3),
    guests: { adults: 1, children: [], infants: 0, pets: 0 },
  });
  const path = `/v1/bookings/${booking.id}`;
  const payment = await eventually(
    async () => expectStatus(200, await guest.get<{ id: string }>(`${path}/payment`)),
    TIMEOUT,
  );
  const paymentMethod = 'pm_card_visa';
  expectStatus(200, await guest.post(`/v1/payments/${payment.body.id}/confirm`, { paymentMethod }));
  await eventually(async () => {
    const { body } = expectStatus(200, await guest.get<Booking>(path));
    if (body.state !== 'confirmed') throw new Error(`the booking is ${body.state}`);
  }, TIMEOUT);
  return booking.id;
}

/** Retries until bookings has processed the event with the booking mode of the listing. */
async function bookInstantly(guest: TestClient, quoteRequest: object): Promise<Booking> {
  return await eventually(async () => {
    const quote = expectStatus(201, await guest.post<{ id: string }>('/v1/quotes', quoteRequest));
    const { body } = expectStatus(201, await guest.post<Booking>('/v1/bookings', { quoteId: quote.body.id }));
    if (body.bookingMode === 'instant') return body;
    expectStatus(200, await guest.post(`/v1/bookings/${body.id}/cancel`, { reason: 'Not yet' }));
    throw new Error('the listing still has the booking mode request');
  }, TIMEOUT);
}
