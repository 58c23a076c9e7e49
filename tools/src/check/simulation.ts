import { randomUUID } from 'node:crypto';
import { addDays, localDate } from '@roost/stay';
import { eventually, type TestClient, type TestResponse } from '@roost/testing';
import { Chance } from './chance.js';
import type { Roost } from './roost.js';

/** Where the nights lie that all of them want, in days from today: few enough for many to be disappointed. */
const FIRST_DAY = 0;
const LAST_DAY = 45;
const TIME_ZONE = 'America/New_York';
const PATIENTLY = { seconds: 60 };

export interface LivesOptions {
  seed: number;
  operations: number;
  guests: number;
  hosts: number;
  log?: (line: string) => void;
}

export interface LivesReport {
  /** How often each operation was tried, and how often each answer came: `book 201`. */
  answers: Record<string, number>;
  /** Answers that must not be. */
  wrong: string[];
  operations: number;
  slowestMillis: number;
}

interface Booking {
  id: string;
  state: string;
  bookingMode: 'instant' | 'request';
  totalMinor: number;
  paymentId: string | null;
  checkInDate: string;
  checkOutDate: string;
  openChange: { id: string; state: string; proposedBy: 'guest' | 'host' } | null;
}

interface Place {
  id: string;
  host: string;
}

const guestDoes = {
  book: 46,
  pay: 26,
  cancel: 6,
  bookTwice: 3,
  payTwice: 2,
  read: 3,
  propose: 14,
  answerChange: 10,
  payChange: 20,
  changeAndCancel: 2,
} as const;
const hostDoes = {
  accept: 30,
  decline: 8,
  block: 18,
  unblock: 10,
  cancel: 6,
  link: 6,
  price: 5,
  pause: 1,
  propose: 8,
  answerChange: 30,
} as const;
type Deed =
  keyof typeof guestDoes | keyof typeof hostDoes | 'advance' | 'adminCancel' | 'goodwill' | 'withdrawAsHost';

/** What each may be answered with; anything else is wrong. */
const EXPECTED: Record<Deed, readonly string[]> = {
  book: ['201', '409 booking.dates_unavailable', '409 booking.listing_unavailable', '409 quote.expired'],
  bookTwice: [
    '201',
    '409 booking.dates_unavailable',
    '409 booking.listing_unavailable',
    '404 listing.not_found',
    '409 quote.used',
    '409 idempotency.in_progress',
    '409 quote.expired',
  ],
  pay: [
    '200',
    '402 payment.declined',
    '404 payment.not_ready',
    '409 payment.wrong_state',
    '409 payment.not_ready',
    '503 payment.provider_unavailable',
  ],
  payTwice: [
    '200',
    '402 payment.declined',
    '404 payment.not_ready',
    '409 payment.wrong_state',
    '409 payment.not_ready',
    '409 idempotency.in_progress',
  ],
  cancel: ['200', '409 booking.transition_not_allowed'],
  read: ['200'],
  accept: ['200', '409 booking.transition_not_allowed', '409 booking.accept_too_late'],
  decline: ['200', '409 booking.transition_not_allowed'],
  block: ['201', '409 calendar.dates_taken'],
  unblock: ['204', '404 calendar.block_not_found'],
  link: ['200', '409 listing.link_clash'],
  price: ['200'],
  // What was imported without a photo needs one to be published again.
  pause: ['200', '409 listing.wrong_state', '409 listing.incomplete'],
  propose: [
    '201',
    '409 booking.dates_unavailable',
    '409 booking.transition_not_allowed',
    '409 booking.listing_unavailable',
    '409 change.already_open',
    '422 change.nights_stayed',
    '422 change.nothing_changed',
    '422 quote.stay_rule',
    '400 request.invalid',
  ],
  answerChange: ['200', '409 change.transition_not_allowed'],
  // Once it is accepted, which the guest may do at this moment, the guest alone may step back.
  withdrawAsHost: ['200', '403 auth.forbidden', '409 change.transition_not_allowed'],
  payChange: [
    '200',
    '402 payment.declined',
    '404 payment.not_ready',
    '409 payment.wrong_state',
    '409 payment.not_ready',
  ],
  changeAndCancel: [
    '200',
    '201',
    '409 booking.dates_unavailable',
    '409 booking.transition_not_allowed',
    '409 booking.listing_unavailable',
    '409 change.already_open',
    '422 change.nothing_changed',
    '422 quote.stay_rule',
    '422 change.nights_stayed',
    '400 request.invalid',
  ],
  advance: ['200'],
  adminCancel: ['200', '409 booking.transition_not_allowed', '422 booking.refund_out_of_range'],
  goodwill: ['201', '409 payment.wrong_state', '409 payment.refund_too_large'],
};

/**
 * Guests, hosts, an administrator and time, each doing what its seeded chance says, all at once. The order in which they
 * meet is not in the seed; what each of them wants is.
 */
export class Lives {
  private readonly answers: Record<string, number> = {};
  private readonly wrong: string[] = [];
  private slowestMillis = 0;
  private done = 0;
  private now = new Date();
  /** Made by anybody, for the administrator. */
  private readonly bookings: string[] = [];
  private places: Place[] = [];

  constructor(
    private readonly roost: Roost,
    private readonly options: LivesOptions,
  ) {}

  /** Days of the place, from today as domain time has it. */
  date(days: number): string {
    return addDays(localDate(this.now, TIME_ZONE), days);
  }

  async run(): Promise<LivesReport> {
    this.now = await this.roost.advance('PT0S');
    const hosts = await this.settleHosts();
    const guests = await Promise.all(Array.from({ length: this.options.guests }, () => this.newGuest()));
    await this.surely(hosts);
    let index = 0;
    const chance = () => new Chance(this.options.seed * 1000 + (index += 1));
    await Promise.all([
      ...guests.map((id) => this.live(chance(), (own) => this.guest(own, this.roost.as(id)))),
      ...hosts.map((host) => this.live(chance(), (own) => this.host(own, host))),
      this.live(chance(), (own) => this.administrator(own)),
    ]);
    const { answers, wrong, slowestMillis } = this;
    return { answers, wrong, slowestMillis, operations: this.done };
  }

  private async live(chance: Chance, act: (chance: Chance) => Promise<void>): Promise<void> {
    while (this.done < this.options.operations) await act(chance);
  }

  /** The hosts of the most places; half of their places are booked at once, a third needs a night to prepare. */
  private async settleHosts(): Promise<{ client: TestClient; places: Place[] }[]> {
    const rows = await this.roost.query<Place>(
      'listings',
      `SELECT id, host_id AS host FROM (
         SELECT id, host_id, row_number() OVER (PARTITION BY host_id ORDER BY id) AS nth,
           count(*) OVER (PARTITION BY host_id) AS places
         FROM listing WHERE status = 'published') l WHERE nth <= 4 ORDER BY places DESC, host_id, id`,
    );
    const byHost = [...Map.groupBy(rows, ({ host }) => host)].slice(0, this.options.hosts);
    const settled = byHost.map(([host, places]) => ({ client: this.roost.as(host, ['host']), places }));
    this.places = settled.flatMap(({ places }) => places);
    await Promise.all(
      settled.map(async ({ client, places }) => {
        for (const [index, { id }] of places.entries()) {
          const bookingMode = index % 2 === 0 ? 'instant' : 'request';
          must(200, await client.patch(`/v1/listings/${id}`, { bookingMode }));
          const rules = { minNights: 1, maxNights: 30, preparationNights: index % 3 === 1 ? 1 : 0 };
          must(200, await client.put(`/v1/listings/${id}/stay-rules`, rules));
        }
      }),
    );
    return settled;
  }

  /**
   * What chance may leave out and a proof of the check needs: links that come after nights are over, a stay that is paid,
   * one that is refunded, a block.
   */
  private async surely(hosts: readonly { client: TestClient; places: Place[] }[]): Promise<void> {
    const [host] = hosts;
    const [place, room] = host?.places ?? [];
    if (!host || !place || !room) throw new Error('nobody lets two places');
    const calendar = `/v1/listings/${place.id}/calendar`;
    must(201, await host.client.post(`${calendar}/blocks`, { from: this.date(0), to: this.date(1) }));
    this.now = await this.roost.advance('P2D');
    must(200, await host.client.put(`/v1/listings/${place.id}/links`, { listingIds: [room.id] }));
    const guest = this.roost.as(await this.newGuest());
    for (const [first, cancels] of [
      [LAST_DAY + 20, false],
      [LAST_DAY + 30, true],
    ] as const) {
      const wish = {
        listingId: place.id,
        checkInDate: this.date(first),
        checkOutDate: this.date(first + 3),
        guests: { adults: 1, children: [], infants: 0, pets: 0 },
      };
      // The host has just made it bookable at once: that travels as an event.
      const booking = await eventually(async () => {
        const quote = must(201, await guest.post<{ id: string }>('/v1/quotes', wish));
        const made = must(201, await guest.post<Booking>('/v1/bookings', { quoteId: quote.body.id }));
        if (made.body.bookingMode === 'instant') return made.body;
        must(200, await guest.post(`/v1/bookings/${made.body.id}/cancel`, { reason: 'Not yet' }));
        throw new Error('still on request');
      }, PATIENTLY);
      const path = `/v1/bookings/${booking.id}`;
      const due = await eventually(
        async () => must(200, await guest.get<{ id: string }>(`${path}/payment`)),
        PATIENTLY,
      );
      const paymentMethod = 'pm_card_visa';
      must(200, await guest.post(`/v1/payments/${due.body.id}/confirm`, { paymentMethod }));
      await eventually(async () => {
        const { body } = must(200, await guest.get<Booking>(path));
        if (body.state !== 'confirmed') throw new Error(`it is ${body.state}`);
      }, PATIENTLY);
      if (cancels) must(200, await guest.post(`${path}/cancel`, { reason: 'Plans changed' }));
    }
    const nights = { from: this.date(LAST_DAY + 40), to: this.date(LAST_DAY + 42) };
    must(201, await host.client.post(`${calendar}/blocks`, nights));
  }

  private async newGuest(): Promise<string> {
    const made = await this.roost.anyone.post<{ id: string }>('/dev/users', { emailVerified: true });
    must(201, made);
    return made.body.id;
  }

  private async guest(chance: Chance, guest: TestClient): Promise<void> {
    switch (chance.weighed(guestDoes)) {
      case 'book':
        return await this.book(chance, guest, 'book', 1);
      case 'bookTwice':
        return await this.book(chance, guest, 'bookTwice', 3);
      case 'pay':
        return await this.pay(chance, guest, 'pay', 1);
      case 'payTwice':
        return await this.pay(chance, guest, 'payTwice', 2);
      case 'cancel':
        return await this.cancel(chance, guest, 'guest');
      case 'read':
        return await this.read(chance, guest);
      case 'propose':
        return await this.propose(chance, guest, 'guest');
      case 'answerChange':
        return await this.answerChange(chance, guest, 'guest');
      case 'payChange':
        return await this.payChange(chance, guest);
      case 'changeAndCancel':
        return await this.changeAndCancel(chance, guest);
    }
  }

  private async host(
    chance: Chance,
    { client, places }: { client: TestClient; places: Place[] },
  ): Promise<void> {
    const place = chance.pick(places);
    if (!place) return;
    switch (chance.weighed(hostDoes)) {
      case 'accept':
        return await this.answer(chance, client, 'accept', undefined);
      case 'decline':
        return await this.answer(chance, client, 'decline', { reason: 'Full, sorry' });
      case 'block':
        return await this.block(chance, client, place);
      case 'unblock':
        return await this.unblock(chance, client, place);
      case 'cancel':
        return await this.cancel(chance, client, 'host');
      case 'link':
        return await this.link(chance, client, places);
      case 'price':
        return await this.price(chance, client, place);
      case 'pause':
        return await this.pause(client, place);
      case 'propose':
        return await this.propose(chance, client, 'host');
      case 'answerChange':
        return await this.answerChange(chance, client, 'host');
    }
  }

  private async administrator(chance: Chance): Promise<void> {
    if (chance.happens(0.5)) return await this.advance(chance);
    const id = chance.pick(this.bookings);
    if (!id) return await this.advance(chance);
    const admin = this.roost.as(randomUUID(), ['admin']);
    const { body } = must(200, await admin.get<Booking>(`/v1/bookings/${id}`));
    // Most bookings are not paid; goodwill comes before a cancel more often than after it.
    if (body.paymentId && chance.happens(body.state === 'confirmed' ? 0.7 : 0.2)) {
      const amountMinor = chance.whole(1, body.totalMinor);
      await this.hear('goodwill', () =>
        admin.post(`/v1/admin/payments/${body.paymentId}/refunds`, { amountMinor, reason: 'A complaint' }),
      );
      return;
    }
    const refundMinor = Math.floor(chance.next() * (body.totalMinor + 1));
    await this.hear('adminCancel', () =>
      admin.post(`/v1/admin/bookings/${id}/cancel`, { reason: 'A complaint', refundMinor }),
    );
  }

  /** Mostly minutes, so that holds run out while they are being paid; now and then days, so that stays begin and end. */
  private async advance(chance: Chance): Promise<void> {
    const duration = chance.happens(0.25) ? `PT${chance.whole(6, 40)}H` : `PT${chance.whole(1, 12)}M`;
    await this.hear('advance', async () => {
      const answer = await this.roost.anyone.post<{ now: string }>('/dev/clock', { advance: duration });
      this.now = new Date(answer.body.now);
      return answer;
    });
  }

  private async book(
    chance: Chance,
    guest: TestClient,
    deed: 'book' | 'bookTwice',
    times: number,
  ): Promise<void> {
    const place = chance.pick(this.places);
    const first = chance.whole(FIRST_DAY, LAST_DAY);
    const wish = {
      listingId: place?.id,
      checkInDate: this.date(first),
      checkOutDate: this.date(first + chance.whole(1, 5)),
      guests: { adults: 1, children: [], infants: 0, pets: 0 },
    };
    const quote = await guest.post<{ id: string; code?: string }>('/v1/quotes', wish);
    // Time may pass between looking at the date and asking for it.
    const refused = [
      '409 booking.dates_unavailable',
      '404 listing.not_found',
      '422 quote.stay_rule',
      '400 request.invalid',
    ];
    this.count('quote', quote, ['201', ...refused]);
    if (quote.status !== 201) return;
    const key = randomUUID();
    await Promise.all(
      Array.from({ length: times }, async (_, index) => {
        // The second with the key of the first, the third with one of its own.
        const headers = { 'idempotency-key': index === 2 ? randomUUID() : key };
        const answer = await this.hear<Booking>(deed, () =>
          guest.post<Booking>('/v1/bookings', { quoteId: quote.body.id }, headers),
        );
        if (answer.status === 201) this.bookings.push(answer.body.id);
      }),
    );
  }

  private async pay(
    chance: Chance,
    guest: TestClient,
    deed: 'pay' | 'payTwice',
    times: number,
  ): Promise<void> {
    const booking = await this.one(chance, guest, 'guest', 'pending_payment');
    if (!booking) return;
    await this.payFor(chance, guest, booking, deed, times);
  }

  private async payChange(chance: Chance, guest: TestClient): Promise<void> {
    const open = await this.oneWithChange(chance, guest, 'guest');
    if (open?.change.state === 'awaiting_payment')
      await this.payFor(chance, guest, open.booking, 'payChange', 1);
  }

  private async payFor(
    chance: Chance,
    guest: TestClient,
    booking: Booking,
    deed: 'pay' | 'payTwice' | 'payChange',
    times: number,
  ): Promise<void> {
    const due = await guest.get<{ id: string }>(`/v1/bookings/${booking.id}/payment`, { prefer: 'wait=5' });
    if (due.status !== 200) return this.count(deed, due, EXPECTED[deed]);
    const paymentMethod = chance.weighed({
      pm_card_visa: 82,
      pm_card_chargeDeclined: 8,
      pm_card_chargeDeclinedInsufficientFunds: 5,
      pm_sandbox_timeoutAfterCharge: deed === 'pay' ? 5 : 0,
    });
    const headers = { 'idempotency-key': randomUUID() };
    await Promise.all(
      Array.from({ length: times }, () =>
        this.hear(deed, () => guest.post(`/v1/payments/${due.body.id}/confirm`, { paymentMethod }, headers)),
      ),
    );
  }

  private async cancel(chance: Chance, client: TestClient, role: 'guest' | 'host'): Promise<void> {
    const state = chance.weighed({ confirmed: 5, in_stay: 2, pending_payment: role === 'guest' ? 2 : 0 });
    const booking = await this.one(chance, client, role, state);
    if (!booking) return;
    const times = chance.happens(0.2) ? 2 : 1;
    await Promise.all(
      Array.from({ length: times }, () =>
        this.hear('cancel', () =>
          client.post(`/v1/bookings/${booking.id}/cancel`, { reason: 'Plans changed' }),
        ),
      ),
    );
  }

  /** Other dates around the present ones, or as many guests as may fit. */
  private terms(chance: Chance, booking: Booking): object {
    if (chance.happens(0.2)) {
      return { guests: { adults: chance.whole(1, 3), children: [], infants: chance.whole(0, 1), pets: 0 } };
    }
    const checkInDate = addDays(booking.checkInDate, chance.whole(-2, 2));
    return {
      checkInDate: booking.state === 'in_stay' ? booking.checkInDate : checkInDate,
      checkOutDate: addDays(booking.checkOutDate, chance.whole(-2, 3)),
    };
  }

  private async propose(chance: Chance, client: TestClient, role: 'guest' | 'host'): Promise<void> {
    const booking = await this.one(chance, client, role, chance.happens(0.8) ? 'confirmed' : 'in_stay');
    if (!booking) return;
    const terms = this.terms(chance, booking);
    await this.hear('propose', () => client.post(`/v1/bookings/${booking.id}/changes`, terms));
  }

  /** Accepts or declines what the other side proposed, or takes back what one has proposed oneself. */
  private async answerChange(chance: Chance, client: TestClient, role: 'guest' | 'host'): Promise<void> {
    const open = await this.oneWithChange(chance, client, role);
    if (!open) return;
    const { booking, change } = open;
    const path = `/v1/bookings/${booking.id}/changes/${change.id}`;
    const own = change.proposedBy === role;
    // Declining is for what is not accepted yet; the guest alone may leave an accepted one unpaid.
    if (own && role === 'host' && change.state !== 'proposed') return;
    const deed = own ? 'withdraw' : chance.weighed({ accept: 4, decline: 1 });
    if (own && chance.happens(0.8)) return;
    const answers = own && role === 'host' ? 'withdrawAsHost' : 'answerChange';
    await this.hear(answers, () => client.post(`${path}/${deed}`));
  }

  private async changeAndCancel(chance: Chance, guest: TestClient): Promise<void> {
    const booking = await this.one(chance, guest, 'guest', 'confirmed');
    if (!booking) return;
    const path = `/v1/bookings/${booking.id}`;
    const terms = this.terms(chance, booking);
    await Promise.all([
      this.hear('changeAndCancel', () => guest.post(`${path}/changes`, terms)),
      this.hear('changeAndCancel', () => guest.post(`${path}/cancel`, { reason: 'Plans changed' })),
    ]);
  }

  private async oneWithChange(chance: Chance, client: TestClient, role: 'guest' | 'host') {
    const page = await client.get<{ data: Booking[] }>(
      `/v1/me/bookings?role=${role}&limit=100&state=confirmed`,
    );
    const open = must(200, page).body.data.flatMap((booking) =>
      booking.openChange ? [{ booking, change: booking.openChange }] : [],
    );
    return chance.pick(open);
  }

  private async answer(
    chance: Chance,
    host: TestClient,
    deed: 'accept' | 'decline',
    body?: object,
  ): Promise<void> {
    const booking = await this.one(chance, host, 'host', 'awaiting_host');
    if (booking) await this.hear(deed, () => host.post(`/v1/bookings/${booking.id}/${deed}`, body));
  }

  private async read(chance: Chance, guest: TestClient): Promise<void> {
    const booking = await this.one(chance, guest, 'guest');
    if (booking) await this.hear('read', () => guest.get(`/v1/bookings/${booking.id}`));
  }

  private async block(chance: Chance, host: TestClient, { id }: Place): Promise<void> {
    const first = chance.whole(FIRST_DAY, LAST_DAY);
    const nights = { from: this.date(first), to: this.date(first + chance.whole(1, 4)), note: 'Painting' };
    await this.hear('block', () => host.post(`/v1/listings/${id}/calendar/blocks`, nights));
  }

  private async unblock(chance: Chance, host: TestClient, { id }: Place): Promise<void> {
    const path = `/v1/listings/${id}/calendar`;
    const days = await host.get<{ data: { blockId?: string | null }[] }>(
      `${path}?from=${this.date(0)}&to=${this.date(LAST_DAY)}`,
    );
    const blocks = new Set(must(200, days).body.data.flatMap(({ blockId }) => blockId ?? []));
    const block = chance.pick([...blocks]);
    if (block) await this.hear('unblock', () => host.delete(`${path}/blocks/${block}`));
  }

  /** The first place is a house, some of the others its rooms, or none any more. */
  private async link(chance: Chance, host: TestClient, [house, ...rooms]: Place[]): Promise<void> {
    if (!house || rooms.length === 0) return;
    const listingIds = rooms.slice(0, chance.whole(0, rooms.length)).map(({ id }) => id);
    await this.hear('link', () => host.put(`/v1/listings/${house.id}/links`, { listingIds }));
  }

  private async price(chance: Chance, host: TestClient, { id }: Place): Promise<void> {
    const path = `/v1/listings/${id}/pricing`;
    const { body } = must(200, await host.get<Record<string, unknown>>(path));
    const basePriceMinor = chance.whole(40, 300) * 100;
    const cleaningFeeMinor = chance.whole(0, 60) * 100;
    await this.hear('price', () => host.put(path, { ...body, basePriceMinor, cleaningFeeMinor }));
  }

  private async pause(host: TestClient, { id }: Place): Promise<void> {
    await this.hear('pause', () => host.post(`/v1/listings/${id}/pause`));
    await this.hear('pause', () => host.post(`/v1/listings/${id}/publish`));
  }

  private async one(
    chance: Chance,
    client: TestClient,
    role: 'guest' | 'host',
    state?: string,
  ): Promise<Booking | undefined> {
    const filter = state ? `&state=${state}` : '';
    const page = await client.get<{ data: Booking[] }>(`/v1/me/bookings?role=${role}&limit=20${filter}`);
    return chance.pick(must(200, page).body.data);
  }

  private async hear<T>(deed: Deed, call: () => Promise<TestResponse<T>>): Promise<TestResponse<T>> {
    const from = performance.now();
    const answer = await call();
    this.slowestMillis = Math.max(this.slowestMillis, performance.now() - from);
    this.count(deed, answer, EXPECTED[deed]);
    return answer;
  }

  private count(deed: string, answer: TestResponse<unknown>, expected: readonly string[]): void {
    const { code } = (answer.body ?? {}) as { code?: string };
    const said = code === undefined ? String(answer.status) : `${answer.status} ${code}`;
    const name = `${deed}: ${said}`;
    this.answers[name] = (this.answers[name] ?? 0) + 1;
    // A quote that is booked is one operation with its booking.
    if (deed !== 'quote' || answer.status !== 201) this.done += 1;
    if (this.done % 200 === 0) this.options.log?.(`${this.done} operations`);
    if (!expected.includes(said)) this.wrong.push(`${name} ${JSON.stringify(answer.body)}`.slice(0, 600));
  }
}

function must<T>(status: number, answer: TestResponse<T>): TestResponse<T> {
  if (answer.status === status) return answer;
  throw new Error(`expected ${status}, got ${answer.status}: ${JSON.stringify(answer.body)}`);
}
