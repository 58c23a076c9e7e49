import { formatMoney } from '@roost/money';
import type { Answer, Client } from './client.js';
import {
  aListing,
  aPhoto,
  GUESTS,
  PRICING,
  STAY_RULES,
  World,
  type Booking,
  type Listing,
  type Payment,
  type Quote,
  type Tokens,
} from './world.js';

export interface Step {
  name: string;
  /** Fails by throwing; what it returns is printed beside its name. */
  run(anyone: Client): Promise<string | void>;
}

interface AccountPage {
  data: { currency: string; balanceMinor: number }[];
  nextCursor: string | null;
}

export const world = new World();

/** Adds the answer's facts to a failure: a rule of the tour that does not hold. */
export function must(
  anyone: Client,
  answer: { status: number; headers: Headers; body: unknown },
  holds: boolean,
  rule: string,
): void {
  if (!holds) throw anyone.wrong(rule, answer);
}

async function mailed(anyone: Client, to: string, template: RegExp): Promise<string> {
  const inbox = await anyone.until<{ data: { template: string; token: string | null }[] }>(
    `/dev/inbox?to=${encodeURIComponent(to)}`,
    (answer) => answer.body.data.some((mail) => template.test(mail.template)),
  );
  const token = inbox.body.data.find((mail) => template.test(mail.template))?.token;
  if (!token) throw anyone.wrong(`the mail ${template} carries no token`, inbox);
  return token;
}

/** The shortcut of development: an account that is not counted as a sign-up, so that two tours fit into a minute's limit. */
async function aMember(anyone: Client, ...roles: string[]): Promise<Client> {
  const made = await anyone.post<{ accessToken: string }>('/dev/users', { roles, emailVerified: true });
  return anyone.withToken(made.body.accessToken);
}

async function signUp(
  anyone: Client,
  who: string,
): Promise<{ client: Client; tokens: Tokens; email: string }> {
  const email = world.mail(who);
  const password = `harbour lantern ${world.run}`;
  anyone.expect(await anyone.post('/v1/auth/register', { email, password, displayName: `Tour ${who}` }), 202);
  const token = await mailed(anyone, email, /verif/);
  anyone.expect(await anyone.post('/v1/auth/verify-email', { token }), 204);
  const login = anyone.expect(await anyone.post<Tokens>('/v1/auth/login', { email, password }), 200);
  return { client: anyone.withToken(login.body.accessToken), tokens: login.body, email };
}

export async function quoteFor(guest: Client, listing: Listing, from: number, to: number): Promise<Quote> {
  const answer = await guest.post<Quote>('/v1/quotes', {
    listingId: listing.id,
    checkInDate: world.date(from),
    checkOutDate: world.date(to),
    guests: GUESTS,
  });
  return guest.expect(answer, 201).body;
}

export async function book(guest: Client, quote: Quote): Promise<Booking> {
  const answer = await guest.post<Booking>('/v1/bookings', { quoteId: quote.id });
  guest.expect(answer, 201);
  must(guest, answer, answer.body.state === 'pending_payment', 'a new booking waits for its payment');
  return answer.body;
}

export async function pay(guest: Client, booking: Booking): Promise<Payment> {
  const due = await guest.until<Payment>(`/v1/bookings/${booking.id}/payment`, (a) => a.status === 200);
  const paid = await guest.post<Payment>(`/v1/payments/${due.body.id}/confirm`, {
    paymentMethod: 'pm_card_visa',
  });
  return guest.expect(paid, 200).body;
}

export const becomes = (who: Client, booking: Booking, state: string) =>
  who.until<Booking>(`/v1/bookings/${booking.id}`, (answer) => answer.body.state === state);

const paymentBecomes = (who: Client, booking: Booking, status: string) =>
  who.until<Payment>(`/v1/bookings/${booking.id}/payment`, (answer) => answer.body.status === status);

async function publish(mode: 'instant' | 'request'): Promise<Listing> {
  const { host } = world;
  const created = host.expect(await host.post<Listing>('/v1/listings', aListing(world, mode)), 201).body;
  const early = await host.post(`/v1/listings/${created.id}/publish`);
  host.expect(early, 409, 'listing.incomplete');
  host.expect(await host.put(`/v1/listings/${created.id}/pricing`, PRICING), 200);
  host.expect(await host.put(`/v1/listings/${created.id}/stay-rules`, STAY_RULES), 200);
  const form = new FormData();
  form.append('file', await aPhoto(), 'harbour.jpg');
  host.expect(await host.post(`/v1/listings/${created.id}/photos`, undefined, { form }), 201);
  const published = host.expect(await host.post<Listing>(`/v1/listings/${created.id}/publish`), 200);
  must(host, published, published.body.status === 'published', 'a complete listing is published');
  return published.body;
}

export const smoke: Step[] = [
  {
    name: 'Roost is up',
    run: async (anyone) => {
      anyone.expect(await anyone.get('/health/live'), 200);
      anyone.expect(await anyone.get('/health/ready'), 200);
    },
  },
  {
    name: 'It describes itself',
    run: async (anyone) => {
      const document = anyone.expect(await anyone.get<{ paths: object }>('/openapi.json'), 200);
      anyone.expect(await anyone.get('/docs'), 200);
      const paths = Object.keys(document.body.paths);
      must(
        anyone,
        document,
        paths.includes('/v1/bookings') && paths.includes('/v1/listings/search'),
        'the document has the routes of every service',
      );
      return `${paths.length} paths in /openapi.json`;
    },
  },
  {
    name: 'A search without a place, and one with a broken date, are refused clearly',
    run: async (anyone) => {
      anyone.expect(
        await anyone.get('/v1/listings/search?city=Lisbon&checkIn=2028-02-31&checkOut=2028-03-02'),
        400,
        'request.invalid',
      );
      anyone.expect(await anyone.get('/v1/nothing-here'), 404);
    },
  },
];

export const journey: Step[] = [
  ...smoke,
  {
    name: 'A host registers, verifies the mail address and becomes a host',
    run: async (anyone) => {
      const { client, tokens } = await signUp(anyone, 'host');
      anyone.expect(await client.post('/v1/me/host'), 200);
      const fresh = await anyone.post<Tokens>('/v1/auth/refresh', { refreshToken: tokens.refreshToken });
      world.host = anyone.withToken(anyone.expect(fresh, 200).body.accessToken);
      const me = await world.host.get<{ roles: string[]; emailVerified: boolean }>('/v1/me');
      must(
        anyone,
        me,
        me.body.roles.includes('host') && me.body.emailVerified,
        'the host is a verified host',
      );
      return me.body.roles.join(', ');
    },
  },
  {
    name: 'The host lists a house: refused while incomplete, published when whole',
    run: async () => {
      world.instant = await publish('instant');
      return `listing ${world.instant.id}`;
    },
  },
  {
    name: 'Anyone finds it by city, dates and guests, with the exact total and without the exact address',
    run: async (anyone) => {
      const found = await anyone.until<{
        data: { id: string; stay: { nights: number; totalMinor: number } }[];
      }>(
        `/v1/listings/search?city=${encodeURIComponent(world.city)}&checkIn=${world.date(30)}&checkOut=${world.date(34)}&guests=3`,
        (answer) => answer.body.data.some((hit) => hit.id === world.instant.id),
      );
      const seen = await anyone.get<Listing>(`/v1/listings/${world.instant.id}`);
      must(anyone, seen, seen.body.address === null, 'a stranger does not see the street');
      const hit = found.body.data[0];
      return `${hit?.stay.nights} nights for ${formatMoney(hit?.stay.totalMinor ?? 0, 'EUR')}`;
    },
  },
  {
    name: 'A guest asks for a quote',
    run: async (anyone) => {
      world.guest = await aMember(anyone, 'guest');
      world.quote = await quoteFor(world.guest, world.instant, 30, 34);
      const { quote } = world;
      const sum = quote.lines.reduce((total, line) => total + line.amountMinor, 0);
      const read = await world.guest.get<Quote>(`/v1/quotes/${quote.id}`);
      must(
        anyone,
        read,
        sum === read.body.totalMinor && read.body.nights === 4,
        'the lines sum to the total',
      );
      must(anyone, read, read.body.refundSchedule.length > 0, 'the quote says what a cancel would give back');
      return `${quote.lines.length} lines, ${formatMoney(quote.totalMinor, quote.currency)}`;
    },
  },
  {
    name: 'One night is too short for this house',
    run: async () => {
      const answer = await world.guest.post<{ rule: string; required: number }>('/v1/quotes', {
        listingId: world.instant.id,
        checkInDate: world.date(40),
        checkOutDate: world.date(41),
        guests: GUESTS,
      });
      world.guest.expect(answer, 422, 'quote.stay_rule');
      must(
        world.guest,
        answer,
        answer.body.rule === 'min_nights' && answer.body.required === 2,
        'the rule is named',
      );
    },
  },
  {
    name: 'The guest books; the same request again gives the same booking, another body is refused',
    run: async () => {
      const { guest, quote } = world;
      const headers = { 'Idempotency-Key': `tour-${world.run}` };
      const first = await guest.post<Booking>('/v1/bookings', { quoteId: quote.id }, { headers });
      guest.expect(first, 201);
      const again = await guest.post<Booking>('/v1/bookings', { quoteId: quote.id }, { headers });
      guest.expect(again, 201);
      must(guest, again, again.body.id === first.body.id, 'one key, one booking');
      must(guest, again, again.headers.get('idempotent-replayed') === 'true', 'a replay says so');
      const other = await guest.post('/v1/bookings', { quoteId: quote.id, message: 'Hello' }, { headers });
      guest.expect(other, 422, 'idempotency.key_reused');
      world.booking = first.body;
      return `booking ${first.body.id}`;
    },
  },
  {
    name: 'The dates are held: somebody else is refused',
    run: async (anyone) => {
      world.rival = await aMember(anyone, 'guest');
      const answer = await world.rival.post('/v1/quotes', {
        listingId: world.instant.id,
        checkInDate: world.date(33),
        checkOutDate: world.date(36),
        guests: GUESTS,
      });
      world.rival.expect(answer, 409, 'booking.dates_unavailable');
      world.rival.expect(await world.rival.get(`/v1/bookings/${world.booking.id}`), 404);
    },
  },
  {
    name: 'A declined card costs nothing; a good one pays',
    run: async () => {
      const { guest, booking } = world;
      const due = await guest.until<Payment>(`/v1/bookings/${booking.id}/payment`, (a) => a.status === 200);
      const refused = await guest.post(`/v1/payments/${due.body.id}/confirm`, {
        paymentMethod: 'pm_card_chargeDeclined',
      });
      guest.expect(refused, 402, 'payment.declined');
      world.payment = await pay(guest, booking);
      return formatMoney(due.body.amountMinor, world.quote.currency);
    },
  },
  {
    name: 'The booking is confirmed by event',
    run: async () => {
      const confirmed = await becomes(world.guest, world.booking, 'confirmed');
      await paymentBecomes(world.guest, world.booking, 'captured');
      return confirmed.body.history.map((entry) => entry.event).join(' → ');
    },
  },
  {
    name: 'The guest now sees the address, the host the booking, and search no longer offers the nights',
    run: async (anyone) => {
      await world.guest.until<Listing>(
        `/v1/listings/${world.instant.id}`,
        (answer) => answer.body.address?.line1 === 'Rua do Cais 7',
      );
      const list = await world.host.get<{ data: Booking[] }>('/v1/me/bookings?role=host');
      must(
        world.host,
        list,
        list.body.data.some((one) => one.id === world.booking.id),
        'the host sees the booking',
      );
      await anyone.until<{ data: unknown[] }>(
        `/v1/listings/search?city=${encodeURIComponent(world.city)}&checkIn=${world.date(32)}&checkOut=${world.date(35)}`,
        (answer) => answer.body.data.length === 0,
      );
    },
  },
  {
    name: 'The guest asks what a cancel would give back, cancels, and gets exactly that',
    run: async () => {
      const { guest, booking } = world;
      const preview = await guest.get<{ refundMinor: number; currency: string }>(
        `/v1/bookings/${booking.id}/cancellation`,
      );
      guest.expect(preview, 200);
      const cancelled = await guest.post<Booking>(`/v1/bookings/${booking.id}/cancel`, {
        reason: 'Plans changed',
      });
      guest.expect(cancelled, 200);
      must(guest, cancelled, cancelled.body.state === 'cancelled', 'the booking is cancelled');
      await paymentBecomes(
        guest,
        booking,
        preview.body.refundMinor === world.quote.totalMinor ? 'refunded' : 'partially_refunded',
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
    name: 'The host lists a room that is booked on request; a guest asks, the host accepts',
    run: async () => {
      world.onRequest = await publish('request');
      const quote = await quoteFor(world.guest, world.onRequest, 50, 53);
      const booking = await book(world.guest, quote);
      await pay(world.guest, booking);
      await becomes(world.host, booking, 'awaiting_host');
      world.host.expect(await world.host.post(`/v1/bookings/${booking.id}/accept`), 200);
      const confirmed = await becomes(world.guest, booking, 'confirmed');
      await paymentBecomes(world.guest, booking, 'captured');
      return confirmed.body.history.map((entry) => entry.event).join(' → ');
    },
  },
  {
    name: 'Another guest asks, the host declines, and the money is let go',
    run: async () => {
      const booking = await book(world.rival, await quoteFor(world.rival, world.onRequest, 60, 62));
      await pay(world.rival, booking);
      await becomes(world.host, booking, 'awaiting_host');
      world.host.expect(
        await world.host.post(`/v1/bookings/${booking.id}/decline`, { reason: 'We repaint that week' }),
        200,
      );
      await paymentBecomes(world.rival, booking, 'voided');
      await quoteFor(world.rival, world.onRequest, 60, 62);
    },
  },
  {
    name: 'A hold that nobody pays runs out, and the dates are free again',
    run: async (anyone) => {
      const booking = await book(world.rival, await quoteFor(world.rival, world.instant, 70, 73));
      anyone.expect(await anyone.post('/dev/clock', { advance: 'PT16M' }), 200);
      await becomes(world.rival, booking, 'expired');
      await quoteFor(world.guest, world.instant, 70, 73);
      anyone.expect(await anyone.post('/dev/clock', { reset: true }), 200);
    },
  },
  {
    name: 'The operator looks: the ledger sums to zero and agrees with the provider',
    run: async (anyone) => {
      world.admin = await aMember(anyone, 'guest', 'admin');
      let accounts: Answer<AccountPage>;
      let cursor = '';
      let [count, sum] = [0, 0];
      do {
        accounts = await world.admin.get<AccountPage>(`/v1/admin/ledger/accounts?limit=100${cursor}`);
        anyone.expect(accounts, 200);
        count += accounts.body.data.length;
        for (const account of accounts.body.data) sum += account.balanceMinor;
        cursor = `&cursor=${accounts.body.nextCursor}`;
      } while (accounts.body.nextCursor !== null);
      must(anyone, accounts, count > 0 && sum === 0, 'the ledger sums to zero');
      const difference = await world.admin.get<{ differences: unknown[] }>('/v1/admin/reconciliation');
      anyone.expect(difference, 200);
      must(
        anyone,
        difference,
        difference.body.differences.length === 0,
        'provider, payments and ledger agree',
      );
      world.guest.expect(await world.guest.get('/v1/admin/reconciliation'), 403);
      return `${count} accounts, 0 differences`;
    },
  },
];
