import { addDays, localDate } from '@roost/stay';
import type { Caller } from './caller.js';
import type { DemoCity } from './place.js';
import type { DemoStay } from './stay.js';

interface Booking {
  id: string;
  listingId: string;
  state: string;
}

export interface StayContext {
  guest: Caller;
  host: Caller;
  city: DemoCity;
  listingId: string;
  /** Domain time at the start of the load. */
  today: Date;
}

/** Books and pays, or continues a booking of an interrupted load; then the host accepts or declines a request. */
export async function bookStay(stay: DemoStay, context: StayContext): Promise<string> {
  const { guest, host, listingId } = context;
  const existing = stay.booked === undefined ? await bookingOf(guest, listingId) : null;
  const { id } = existing ?? (await book(stay, context));
  const state = await guest.eventually(async () => {
    const { state } = await guest.get<Booking>('bookings', `/v1/bookings/${id}`);
    if (state === 'pending_payment') await pay(guest, id);
    return state === 'pending_payment' || state === 'awaiting_capture' ? null : state;
  });
  if (state === 'awaiting_host') {
    if (stay.outcome === 'declined') {
      const reason = 'Two dogs are our limit, I am sorry.';
      await host.post('bookings', `/v1/bookings/${id}/decline`, { reason });
    } else if (stay.outcome !== 'unanswered') {
      await host.post('bookings', `/v1/bookings/${id}/accept`);
    }
  }
  if (state === 'expired') throw new Error(`The booking of "${stay.place}" has expired`);
  return id;
}

export async function cancelStay(stay: DemoStay, id: string, { guest, host }: StayContext): Promise<void> {
  const byGuest = stay.outcome === 'cancelled by guest';
  if (!byGuest && stay.outcome !== 'cancelled by host') return;
  const caller = byGuest ? guest : host;
  const { state } = await caller.get<Booking>('bookings', `/v1/bookings/${id}`);
  if (state !== 'confirmed') return;
  const reason = byGuest ? 'Our plans have changed.' : 'A pipe has burst, and the plumber comes on Monday.';
  await caller.post('bookings', `/v1/bookings/${id}/cancel`, { reason });
}

/** Reviews of both parties, as soon as the reviews service has handled the end of the stay, and the reply of the host. */
export async function reviewStay(
  stay: DemoStay,
  bookingId: string,
  { guest, host }: StayContext,
): Promise<void> {
  const write = (author: Caller, body: object) =>
    author.eventually(() =>
      author.post<{ id: string }>('reviews', `/v1/bookings/${bookingId}/reviews`, body),
    );
  if (!stay.guestReview) return;
  const [overall, text] = stay.guestReview;
  const lower = Math.max(1, overall - 1);
  const review = await write(guest, {
    overall,
    categories: {
      accuracy: overall,
      checkIn: 5,
      cleanliness: text.length % 2 ? 5 : overall,
      communication: 5,
      location: text.length % 3 ? 5 : lower,
      value: text.length % 2 ? overall : lower,
    },
    text,
  });
  if (stay.hostReview) {
    const [given, words] = stay.hostReview;
    await write(host, {
      overall: given,
      categories: { cleanliness: given, rules: 5, communication: 5 },
      text: words,
    });
  }
  if (stay.reply) {
    const reply = { text: stay.reply };
    await host.eventually(() => host.post<object>('reviews', `/v1/reviews/${review.id}/reply`, reply));
  }
}

async function bookingOf(guest: Caller, listingId: string): Promise<Booking | null> {
  const all = await guest.all<Booking>('bookings', '/v1/me/bookings?role=guest');
  return all.find((one) => one.listingId === listingId && one.state !== 'expired') ?? null;
}

async function book(stay: DemoStay, { guest, city, listingId, today }: StayContext): Promise<Booking> {
  const checkInDate = addDays(localDate(today, city.timeZone), stay.checkIn);
  const quote = await guest.eventually(() =>
    guest.post<{ id: string }>('bookings', '/v1/quotes', {
      listingId,
      checkInDate,
      checkOutDate: addDays(checkInDate, stay.nights),
      guests: {
        adults: stay.adults,
        children: (stay.childrenAges ?? []).map((age) => ({ age })),
        infants: 0,
        pets: 0,
      },
    }),
  );
  const message = stay.message ? { message: stay.message } : {};
  return await guest.post<Booking>('bookings', '/v1/bookings', { quoteId: quote.id, ...message });
}

async function pay(guest: Caller, bookingId: string): Promise<void> {
  const due = await guest.eventually(() =>
    guest.get<{ id: string; status: string }>('payments', `/v1/bookings/${bookingId}/payment`),
  );
  if (due.status !== 'requires_payment_method') return;
  await guest.post('payments', `/v1/payments/${due.id}/confirm`, { paymentMethod: 'pm_card_visa' });
}
