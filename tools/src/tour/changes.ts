import { formatMoney } from '@roost/money';
import type { Client } from './client.js';
import { becomes, book, must, pay, quoteFor, type Step, world } from './journey.js';
import type { Booking, Payment } from './world.js';

interface Change {
  id: string;
  state: string;
  differenceMinor: number;
  currency: string;
}

async function propose(who: Client, booking: Booking, wish: object): Promise<Change> {
  const answer = await who.post<Change>(`/v1/bookings/${booking.id}/changes`, wish);
  who.expect(answer, 201);
  must(who, answer, answer.body.state === 'proposed', 'a change waits for the other side');
  return answer.body;
}

async function accept(who: Client, booking: Booking, change: Change): Promise<Change> {
  const answer = await who.post<Change>(`/v1/bookings/${booking.id}/changes/${change.id}/accept`);
  return who.expect(answer, 200).body;
}

const paymentsOf = (who: Client, booking: Booking, statuses: string) =>
  who.until<{ data: Payment[] }>(
    `/v1/bookings/${booking.id}/payments`,
    ({ body }) => body.data.map(({ status }) => status).join() === statuses,
  );

/** A booking grows by a night, shrinks again, and is settled to the cent. */
export function changedStay(): Step[] {
  let booking: Booking;
  return [
    {
      name: 'A guest asks for a night more; the host accepts, the old terms stand until the difference is paid',
      run: async () => {
        const { guest, host, rival, instant } = world;
        booking = await book(guest, await quoteFor(guest, instant, 100, 103));
        await pay(guest, booking);
        await becomes(guest, booking, 'confirmed');
        const change = await propose(guest, booking, { checkOutDate: world.date(104) });
        guest.expect(
          await guest.post(`/v1/bookings/${booking.id}/changes/${change.id}/accept`),
          403,
          'auth.forbidden',
        );
        const held = await rival.post('/v1/quotes', {
          listingId: instant.id,
          checkInDate: world.date(103),
          checkOutDate: world.date(105),
          guests: { adults: 1 },
        });
        rival.expect(held, 409, 'booking.dates_unavailable');
        const accepted = await accept(host, booking, change);
        if (accepted.state !== 'awaiting_payment')
          throw new Error(`more is due, and it is ${accepted.state}`);
        const due = await guest.until<Payment>(
          `/v1/bookings/${booking.id}/payment`,
          ({ body }) =>
            body.status === 'requires_payment_method' && body.amountMinor === change.differenceMinor,
        );
        const card = { paymentMethod: 'pm_card_visa' };
        guest.expect(await guest.post(`/v1/payments/${due.body.id}/confirm`, card), 200);
        const longer = await guest.until<Booking>(
          `/v1/bookings/${booking.id}`,
          ({ body }) => body.checkOutDate === world.date(104),
        );
        const total = booking.totalMinor + change.differenceMinor;
        must(
          guest,
          longer,
          longer.body.totalMinor === total,
          'the new total is the old one and the difference',
        );
        return `${formatMoney(change.differenceMinor, change.currency)} more`;
      },
    },
    {
      name: 'The host proposes to start a night later; the guest accepts and gets the difference back',
      run: async () => {
        const { guest, host } = world;
        const change = await propose(host, booking, { checkInDate: world.date(101) });
        const second = await host.post(`/v1/bookings/${booking.id}/changes`, {
          checkInDate: world.date(102),
        });
        host.expect(second, 409, 'change.already_open');
        const accepted = await accept(guest, booking, change);
        if (accepted.state !== 'applied' || change.differenceMinor >= 0)
          throw new Error(`less is due, and it is ${accepted.state}`);
        // The newest payment gives first, and the one before it what is still missing.
        const paid = await guest.get<{ data: Payment[] }>(`/v1/bookings/${booking.id}/payments`);
        await paymentsOf(guest, booking, afterRefund(paid.body.data, -change.differenceMinor));
        // The nights given back are anybody's.
        await quoteFor(world.rival, world.instant, 98, 101);
        return `${formatMoney(-change.differenceMinor, change.currency)} back`;
      },
    },
    {
      name: 'The guest cancels: every payment goes back whole',
      run: async () => {
        const { guest } = world;
        const cancelled = await guest.post<Booking>(`/v1/bookings/${booking.id}/cancel`, { reason: 'Ill' });
        guest.expect(cancelled, 200);
        await paymentsOf(guest, booking, 'refunded,refunded');
        const late = await guest.post(`/v1/bookings/${booking.id}/changes`, {
          checkOutDate: world.date(106),
        });
        guest.expect(late, 409, 'booking.transition_not_allowed');
      },
    },
  ];
}

/** The statuses of the payments, oldest first, once `refundMinor` has gone back, newest first. */
function afterRefund(payments: readonly Payment[], refundMinor: number): string {
  let open = refundMinor;
  const statuses = payments.toReversed().map(({ amountMinor }) => {
    const back = Math.min(open, amountMinor);
    open -= back;
    return back === 0 ? 'captured' : back === amountMinor ? 'refunded' : 'partially_refunded';
  });
  return statuses.toReversed().join();
}
