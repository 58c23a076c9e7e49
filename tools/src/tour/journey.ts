import { formatMoney } from '@roost/money';
import {
  createMember,
  untilState,
  book,
  assertRule,
  pay,
  untilPayment,
  publish,
  quoteFor,
  signUp,
} from './actions.js';
import type { ApiResponse } from './client.js';
import { smoke, type Step } from './smoke.js';
import { GUESTS } from './sample-listing.js';
import { tour, type Booking, type Listing, type Payment, type Quote, type Tokens } from './tour-state.js';

interface AccountPage {
  data: { currency: string; balanceMinor: number }[];
  nextCursor: string | null;
}

export const journey: Step[] = [
  ...smoke,
  {
    name: 'A host registers, verifies the mail address and becomes a host',
    run: async (anonymous) => {
      const { client, tokens } = await signUp(anonymous, 'host');
      anonymous.expect(await client.post('/v1/me/host'), 200);
      const fresh = await anonymous.post<Tokens>('/v1/auth/refresh', { refreshToken: tokens.refreshToken });
      tour.host = anonymous.withToken(anonymous.expect(fresh, 200).body.accessToken);
      const me = await tour.host.get<{ roles: string[]; emailVerified: boolean }>('/v1/me');
      assertRule(
        anonymous,
        me,
        me.body.roles.includes('host') && me.body.emailVerified,
        'the host is a verified host',
      );
      return me.body.roles.join(', ');
    },
  },
  {
    name: 'The host lists a house: rejected while incomplete, published when complete',
    run: async () => {
      tour.instant = await publish('instant');
      return `listing ${tour.instant.id}`;
    },
  },
  {
    name: 'Anyone finds it by city, dates and guests, with the exact total and without the exact address',
    run: async (anonymous) => {
      const found = await anonymous.until<{
        data: { id: string; stay: { nights: number; totalMinor: number } }[];
      }>(
        `/v1/listings/search?city=${encodeURIComponent(tour.city)}&checkIn=${tour.date(30)}&checkOut=${tour.date(34)}&guests=3`,
        (response) => response.body.data.some((hit) => hit.id === tour.instant.id),
      );
      const shown = await anonymous.get<Listing>(`/v1/listings/${tour.instant.id}`);
      assertRule(anonymous, shown, shown.body.address === null, 'the public does not see the street');
      const hit = found.body.data[0];
      return `${hit?.stay.nights} nights for ${formatMoney(hit?.stay.totalMinor ?? 0, 'EUR')}`;
    },
  },
  {
    name: 'A guest creates a quote',
    run: async (anonymous) => {
      tour.guest = await createMember(anonymous, 'guest');
      tour.quote = await quoteFor(tour.guest, tour.instant, 30, 34);
      const { quote } = tour;
      const sum = quote.lines.reduce((total, line) => total + line.amountMinor, 0);
      const read = await tour.guest.get<Quote>(`/v1/quotes/${quote.id}`);
      assertRule(
        anonymous,
        read,
        sum === read.body.totalMinor && read.body.nights === 4,
        'the lines sum to the total',
      );
      assertRule(anonymous, read, read.body.refundSchedule.length > 0, 'the quote has a refund schedule');
      return `${quote.lines.length} lines, ${formatMoney(quote.totalMinor, quote.currency)}`;
    },
  },
  {
    name: 'A stay of one night is below the minimum',
    run: async () => {
      const response = await tour.guest.post<{ rule: string; required: number }>('/v1/quotes', {
        listingId: tour.instant.id,
        checkInDate: tour.date(40),
        checkOutDate: tour.date(41),
        guests: GUESTS,
      });
      tour.guest.expect(response, 422, 'quote.stay_rule');
      assertRule(
        tour.guest,
        response,
        response.body.rule === 'min_nights' && response.body.required === 2,
        'the response names the rule',
      );
    },
  },
  {
    name: 'The guest books; a repeated request returns the same booking, another body is rejected',
    run: async () => {
      const { guest, quote } = tour;
      const headers = { 'Idempotency-Key': `tour-${tour.run}` };
      const first = await guest.post<Booking>('/v1/bookings', { quoteId: quote.id }, { headers });
      guest.expect(first, 201);
      const again = await guest.post<Booking>('/v1/bookings', { quoteId: quote.id }, { headers });
      guest.expect(again, 201);
      assertRule(guest, again, again.body.id === first.body.id, 'one key, one booking');
      assertRule(
        guest,
        again,
        again.headers.get('idempotent-replayed') === 'true',
        'a replay has the header',
      );
      const other = await guest.post('/v1/bookings', { quoteId: quote.id, message: 'Hello' }, { headers });
      guest.expect(other, 422, 'idempotency.key_reused');
      tour.booking = first.body;
      return `booking ${first.body.id}`;
    },
  },
  {
    name: 'The nights are held: another guest is rejected',
    run: async (anonymous) => {
      tour.rival = await createMember(anonymous, 'guest');
      const response = await tour.rival.post('/v1/quotes', {
        listingId: tour.instant.id,
        checkInDate: tour.date(33),
        checkOutDate: tour.date(36),
        guests: GUESTS,
      });
      tour.rival.expect(response, 409, 'booking.dates_unavailable');
      tour.rival.expect(await tour.rival.get(`/v1/bookings/${tour.booking.id}`), 404);
    },
  },
  {
    name: 'A declined card is not charged; a valid one pays',
    run: async () => {
      const { guest, booking } = tour;
      const due = await guest.until<Payment>(`/v1/bookings/${booking.id}/payment`, (a) => a.status === 200);
      const declined = await guest.post(`/v1/payments/${due.body.id}/confirm`, {
        paymentMethod: 'pm_card_chargeDeclined',
      });
      guest.expect(declined, 402, 'payment.declined');
      tour.payment = await pay(guest, booking);
      return formatMoney(due.body.amountMinor, tour.quote.currency);
    },
  },
  {
    name: 'The booking is confirmed by event',
    run: async () => {
      const confirmed = await untilState(tour.guest, tour.booking, 'confirmed');
      await untilPayment(tour.guest, tour.booking, 'captured');
      return confirmed.body.history.map((entry) => entry.event).join(' → ');
    },
  },
  {
    name: 'The guest sees the address, the host sees the booking, and search no longer offers the nights',
    run: async (anonymous) => {
      await tour.guest.until<Listing>(
        `/v1/listings/${tour.instant.id}`,
        (response) => response.body.address?.line1 === 'Rua do Cais 7',
      );
      const list = await tour.host.get<{ data: Booking[] }>('/v1/me/bookings?role=host');
      assertRule(
        tour.host,
        list,
        list.body.data.some((one) => one.id === tour.booking.id),
        'the host sees the booking',
      );
      await anonymous.until<{ data: unknown[] }>(
        `/v1/listings/search?city=${encodeURIComponent(tour.city)}&checkIn=${tour.date(32)}&checkOut=${tour.date(35)}`,
        (response) => response.body.data.length === 0,
      );
    },
  },
  {
    name: 'The guest previews the refund of a cancel, cancels, and receives exactly that',
    run: async () => {
      const { guest, booking } = tour;
      const preview = await guest.get<{ refundMinor: number; currency: string }>(
        `/v1/bookings/${booking.id}/cancellation`,
      );
      guest.expect(preview, 200);
      const cancelled = await guest.post<Booking>(`/v1/bookings/${booking.id}/cancel`, {
        reason: 'Plans changed',
      });
      guest.expect(cancelled, 200);
      assertRule(guest, cancelled, cancelled.body.state === 'cancelled', 'the booking is cancelled');
      await untilPayment(
        guest,
        booking,
        preview.body.refundMinor === tour.quote.totalMinor ? 'refunded' : 'partially_refunded',
      );
      guest.expect(
        await guest.post(`/v1/bookings/${booking.id}/cancel`, { reason: 'Again' }),
        409,
        'booking.transition_not_allowed',
      );
      return `${formatMoney(preview.body.refundMinor, preview.body.currency)} back`;
    },
  },
  {
    name: 'The host lists a room that is booked on request; a guest requests, the host accepts',
    run: async () => {
      tour.onRequest = await publish('request');
      const quote = await quoteFor(tour.guest, tour.onRequest, 50, 53);
      const booking = await book(tour.guest, quote);
      await pay(tour.guest, booking);
      await untilState(tour.host, booking, 'awaiting_host');
      tour.host.expect(await tour.host.post(`/v1/bookings/${booking.id}/accept`), 200);
      const confirmed = await untilState(tour.guest, booking, 'confirmed');
      await untilPayment(tour.guest, booking, 'captured');
      return confirmed.body.history.map((entry) => entry.event).join(' → ');
    },
  },
  {
    name: 'Another guest requests, the host declines, and the authorization is voided',
    run: async () => {
      const booking = await book(tour.rival, await quoteFor(tour.rival, tour.onRequest, 60, 62));
      await pay(tour.rival, booking);
      await untilState(tour.host, booking, 'awaiting_host');
      tour.host.expect(
        await tour.host.post(`/v1/bookings/${booking.id}/decline`, { reason: 'We repaint that week' }),
        200,
      );
      await untilPayment(tour.rival, booking, 'voided');
      await quoteFor(tour.rival, tour.onRequest, 60, 62);
    },
  },
  {
    name: 'An unpaid hold expires, and the nights are free again',
    run: async (anonymous) => {
      const booking = await book(tour.rival, await quoteFor(tour.rival, tour.instant, 70, 73));
      anonymous.expect(await anonymous.post('/dev/clock', { advance: 'PT16M' }), 200);
      await untilState(tour.rival, booking, 'expired');
      await quoteFor(tour.guest, tour.instant, 70, 73);
      anonymous.expect(await anonymous.post('/dev/clock', { reset: true }), 200);
    },
  },
  {
    name: 'The ledger sums to zero and agrees with the provider',
    run: async (anonymous) => {
      tour.admin = await createMember(anonymous, 'guest', 'admin');
      let accounts: ApiResponse<AccountPage>;
      let cursor = '';
      let [count, sum] = [0, 0];
      do {
        accounts = await tour.admin.get<AccountPage>(`/v1/admin/ledger/accounts?limit=100${cursor}`);
        anonymous.expect(accounts, 200);
        count += accounts.body.data.length;
        for (const account of accounts.body.data) sum += account.balanceMinor;
        cursor = `&cursor=${accounts.body.nextCursor}`;
      } while (accounts.body.nextCursor !== null);
      assertRule(anonymous, accounts, count > 0 && sum === 0, 'the ledger sums to zero');
      const difference = await tour.admin.get<{ differences: unknown[] }>('/v1/admin/reconciliation');
      anonymous.expect(difference, 200);
      assertRule(
        anonymous,
        difference,
        difference.body.differences.length === 0,
        'provider, payments and ledger agree',
      );
      tour.guest.expect(await tour.guest.get('/v1/admin/reconciliation'), 403);
      return `${count} accounts, 0 differences`;
    },
  },
];
