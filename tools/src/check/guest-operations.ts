import { randomUUID } from 'node:crypto';
import type { ChangeOperations } from './change-operations.js';
import { GUEST_OPERATION_WEIGHTS } from './expected-responses.js';
import { payForBooking } from './payment-operation.js';
import {
  type Actor,
  type Booking,
  FIRST_DAY,
  LAST_DAY,
  type SimulationContext,
} from './simulation-context.js';
import { cancelBooking } from './cancel-operation.js';

/** The operations of guests. */
export class GuestOperations {
  constructor(
    private readonly context: SimulationContext,
    private readonly changes: ChangeOperations,
  ) {}

  async runRandom(guest: Actor): Promise<void> {
    switch (guest.random.pickWeighted(GUEST_OPERATION_WEIGHTS)) {
      case 'book':
        return await this.book(guest, 'book', 1);
      case 'bookTwice':
        return await this.book(guest, 'bookTwice', 3);
      case 'pay':
        return await this.pay(guest, 'pay', 1);
      case 'payTwice':
        return await this.pay(guest, 'payTwice', 2);
      case 'cancel':
        return await cancelBooking(this.context, guest);
      case 'read':
        return await this.read(guest);
      case 'propose':
        return await this.changes.propose(guest);
      case 'answerChange':
        return await this.changes.answer(guest);
      case 'payChange':
        return await this.changes.pay(guest);
      case 'changeAndCancel':
        return await this.changes.proposeAndCancel(guest);
    }
  }

  private async book(guest: Actor, operation: 'book' | 'bookTwice', requests: number): Promise<void> {
    const { context } = this;
    const { client, random } = guest;
    const listing = random.pick(context.listings);
    const firstDay = random.integer(FIRST_DAY, LAST_DAY);
    const quote = await client.post<{ id: string; code?: string }>('/v1/quotes', {
      listingId: listing?.id,
      checkInDate: context.date(firstDay),
      checkOutDate: context.date(firstDay + random.integer(1, 5)),
      guests: { adults: 1, children: [], infants: 0, pets: 0 },
    });
    context.recorder.record('quote', quote);
    if (quote.status !== 201) return;
    const sharedKey = randomUUID();
    await Promise.all(
      Array.from({ length: requests }, async (_, index) => {
        // The second request has the idempotency key of the first request, the third has its own.
        const headers = { 'idempotency-key': index === 2 ? randomUUID() : sharedKey };
        const response = await context.recorder.run(operation, () =>
          client.post<Booking>('/v1/bookings', { quoteId: quote.body.id }, headers),
        );
        if (response.status === 201) context.bookingIds.push(response.body.id);
      }),
    );
  }

  private async pay(guest: Actor, operation: 'pay' | 'payTwice', requests: number): Promise<void> {
    const booking = await this.context.pickBooking(guest, 'pending_payment');
    if (booking) await payForBooking(this.context, guest, booking.id, { operation, requests });
  }

  private async read(guest: Actor): Promise<void> {
    const booking = await this.context.pickBooking(guest);
    if (booking)
      await this.context.recorder.run('read', () => guest.client.get(`/v1/bookings/${booking.id}`));
  }
}
