import { formatMoney } from '@roost/money';
import type { Client } from './client.js';
import { untilState, book, assertRule, pay, quoteFor } from './actions.js';
import type { Step } from './smoke.js';
import { type Booking, type Payment, tour } from './tour-state.js';

interface Change {
  id: string;
  state: string;
  differenceMinor: number;
  currency: string;
}

async function propose(who: Client, booking: Booking, terms: object): Promise<Change> {
  const response = await who.post<Change>(`/v1/bookings/${booking.id}/changes`, terms);
  who.expect(response, 201);
  assertRule(
    who,
    response,
    response.body.state === 'proposed',
    'a change is proposed until the other side accepts',
  );
  return response.body;
}

async function accept(who: Client, booking: Booking, change: Change): Promise<Change> {
  const response = await who.post<Change>(`/v1/bookings/${booking.id}/changes/${change.id}/accept`);
  return who.expect(response, 200).body;
}

const paymentsOf = (who: Client, booking: Booking, statuses: string) =>
  who.until<{ data: Payment[] }>(
    `/v1/bookings/${booking.id}/payments`,
    ({ body }) => body.data.map(({ status }) => status).join() === statuses,
  );

/** Adds a night to a booking, removes one, and checks every amount. */
export function changeSteps(): Step[] {
  let booking: Booking;
  return [
    {
      name: 'A guest proposes one more night; the host accepts, and the old terms apply until the difference is paid',
      run: async () => {
        const { guest, host, rival, instant } = tour;
        booking = await book(guest, await quoteFor(guest, instant, 100, 103));
        await pay(guest, booking);
        await untilState(guest, booking, 'confirmed');
        const change = await propose(guest, booking, { checkOutDate: tour.date(104) });
        guest.expect(
          await guest.post(`/v1/bookings/${booking.id}/changes/${change.id}/accept`),
          403,
          'auth.forbidden',
        );
        const taken = await rival.post('/v1/quotes', {
          listingId: instant.id,
          checkInDate: tour.date(103),
          checkOutDate: tour.date(105),
          guests: { adults: 1 },
        });
        rival.expect(taken, 409, 'booking.dates_unavailable');
        const accepted = await accept(host, booking, change);
        if (accepted.state !== 'awaiting_payment')
          throw new Error(`more is due, but the state is ${accepted.state}`);
        const due = await guest.until<Payment>(
          `/v1/bookings/${booking.id}/payment`,
          ({ body }) =>
            body.status === 'requires_payment_method' && body.amountMinor === change.differenceMinor,
        );
        const card = { paymentMethod: 'pm_card_visa' };
        guest.expect(await guest.post(`/v1/payments/${due.body.id}/confirm`, card), 200);
        const longer = await guest.until<Booking>(
          `/v1/bookings/${booking.id}`,
          ({ body }) => body.checkOutDate === tour.date(104),
        );
        const total = booking.totalMinor + change.differenceMinor;
        assertRule(
          guest,
          longer,
          longer.body.totalMinor === total,
          'the new total is the old one plus the difference',
        );
        return `${formatMoney(change.differenceMinor, change.currency)} more`;
      },
    },
    {
      name: 'The host proposes a later check-in; the guest accepts, and the difference is refunded',
      run: async () => {
        const { guest, host } = tour;
        const change = await propose(host, booking, { checkInDate: tour.date(101) });
        const second = await host.post(`/v1/bookings/${booking.id}/changes`, {
          checkInDate: tour.date(102),
        });
        host.expect(second, 409, 'change.already_open');
        const accepted = await accept(guest, booking, change);
        if (accepted.state !== 'applied' || change.differenceMinor >= 0)
          throw new Error(`less is due, but the state is ${accepted.state}`);
        // The newest payment is refunded first, then the one before it.
        const paid = await guest.get<{ data: Payment[] }>(`/v1/bookings/${booking.id}/payments`);
        await paymentsOf(guest, booking, afterRefund(paid.body.data, -change.differenceMinor));
        // The released nights are available.
        await quoteFor(tour.rival, tour.instant, 98, 101);
        return `${formatMoney(-change.differenceMinor, change.currency)} back`;
      },
    },
    {
      name: 'The guest cancels: every payment is refunded',
      run: async () => {
        const { guest } = tour;
        const cancelled = await guest.post<Booking>(`/v1/bookings/${booking.id}/cancel`, { reason: 'Ill' });
        guest.expect(cancelled, 200);
        await paymentsOf(guest, booking, 'refunded,refunded');
        const late = await guest.post(`/v1/bookings/${booking.id}/changes`, {
          checkOutDate: tour.date(106),
        });
        guest.expect(late, 409, 'booking.transition_not_allowed');
      },
    },
  ];
}

/** The statuses of the payments, oldest first, after a refund of `refundMinor`, newest first. */
function afterRefund(payments: readonly Payment[], refundMinor: number): string {
  let open = refundMinor;
  const statuses = payments.toReversed().map(({ amountMinor }) => {
    const back = Math.min(open, amountMinor);
    open -= back;
    return back === 0 ? 'captured' : back === amountMinor ? 'refunded' : 'partially_refunded';
  });
  return statuses.toReversed().join();
}
