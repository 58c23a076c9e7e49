import type { Client } from './client.js';
import { listingInput, samplePhoto, GUESTS, PRICING, STAY_RULES } from './sample-listing.js';
import { tour, type Booking, type Listing, type Payment, type Quote, type Tokens } from './tour-state.js';

/** Fails with the response unless the rule holds. */
export function assertRule(
  anonymous: Client,
  response: { status: number; headers: Headers; body: unknown },
  holds: boolean,
  rule: string,
): void {
  if (!holds) throw anonymous.wrong(rule, response);
}

export async function tokenFromMail(anonymous: Client, to: string, template: RegExp): Promise<string> {
  if (tour.mailbox) return codeFromMailbox(tour.mailbox, to);
  const inbox = await anonymous.until<{ data: { template: string; token: string | null }[] }>(
    `/dev/inbox?to=${encodeURIComponent(to)}`,
    (response) => response.body.data.some((mail) => template.test(mail.template)),
  );
  const token = inbox.body.data.find((mail) => template.test(mail.template))?.token;
  if (!token) throw anonymous.wrong(`the mail ${template} has no token`, inbox);
  return token;
}

/** The code in the latest mail that Mailpit has received for an address. */
async function codeFromMailbox(mailbox: Client, to: string): Promise<string> {
  const found = await mailbox.until<{ messages: { ID: string }[] }>(
    `/api/v1/search?query=${encodeURIComponent(`to:"${to}"`)}`,
    (response) => response.body.messages.length > 0,
  );
  const mail = await mailbox.get<{ Text: string }>(`/api/v1/message/${found.body.messages[0]?.ID}`);
  const code = /enter this code:\s+(\S+)/.exec(mailbox.expect(mail, 200).body.Text)?.[1];
  if (!code) throw mailbox.wrong('the mail has no code', mail);
  return code;
}

/** Creates an account by the development route, which the rate limit of sign-ups does not count. */
export async function createMember(anonymous: Client, ...roles: string[]): Promise<Client> {
  const made = await anonymous.post<{ accessToken: string }>('/dev/users', { roles, emailVerified: true });
  return anonymous.withToken(made.body.accessToken);
}

export async function signUp(
  anonymous: Client,
  who: string,
): Promise<{ client: Client; tokens: Tokens; email: string }> {
  const email = tour.mail(who);
  const password = `harbour lantern ${tour.run}`;
  anonymous.expect(
    await anonymous.post('/v1/auth/register', { email, password, displayName: `Tour ${who}` }),
    202,
  );
  const token = await tokenFromMail(anonymous, email, /verif/);
  anonymous.expect(await anonymous.post('/v1/auth/verify-email', { token }), 204);
  const login = anonymous.expect(await anonymous.post<Tokens>('/v1/auth/login', { email, password }), 200);
  return { client: anonymous.withToken(login.body.accessToken), tokens: login.body, email };
}

export async function quoteFor(guest: Client, listing: Listing, from: number, to: number): Promise<Quote> {
  const response = await guest.post<Quote>('/v1/quotes', {
    listingId: listing.id,
    checkInDate: tour.date(from),
    checkOutDate: tour.date(to),
    guests: GUESTS,
  });
  return guest.expect(response, 201).body;
}

export async function book(guest: Client, quote: Quote): Promise<Booking> {
  const response = await guest.post<Booking>('/v1/bookings', { quoteId: quote.id });
  guest.expect(response, 201);
  assertRule(guest, response, response.body.state === 'pending_payment', 'a new booking is pending payment');
  return response.body;
}

export async function pay(guest: Client, booking: Booking): Promise<Payment> {
  const due = await guest.until<Payment>(`/v1/bookings/${booking.id}/payment`, (a) => a.status === 200);
  const paid = await guest.post<Payment>(`/v1/payments/${due.body.id}/confirm`, {
    paymentMethod: 'pm_card_visa',
  });
  return guest.expect(paid, 200).body;
}

export const untilState = (who: Client, booking: Booking, state: string) =>
  who.until<Booking>(`/v1/bookings/${booking.id}`, (response) => response.body.state === state);

export const untilPayment = (who: Client, booking: Booking, status: string) =>
  who.until<Payment>(`/v1/bookings/${booking.id}/payment`, (response) => response.body.status === status);

export async function publish(mode: 'instant' | 'request'): Promise<Listing> {
  const { host } = tour;
  const created = host.expect(await host.post<Listing>('/v1/listings', listingInput(tour, mode)), 201).body;
  const early = await host.post(`/v1/listings/${created.id}/publish`);
  host.expect(early, 409, 'listing.incomplete');
  host.expect(await host.put(`/v1/listings/${created.id}/pricing`, PRICING), 200);
  host.expect(await host.put(`/v1/listings/${created.id}/stay-rules`, STAY_RULES), 200);
  const form = new FormData();
  form.append('file', await samplePhoto(), 'harbour.jpg');
  host.expect(await host.post(`/v1/listings/${created.id}/photos`, undefined, { form }), 201);
  const published = host.expect(await host.post<Listing>(`/v1/listings/${created.id}/publish`), 200);
  assertRule(host, published, published.body.status === 'published', 'a complete listing is published');
  return published.body;
}
