import { randomUUID } from 'node:crypto';
import type { EventBody } from '@roost/contracts';
import { DEFAULT_STAY_RULES } from '@roost/pricing';
import type { DeliverOptions } from '@roost/testing';
import { type TestIdentity, type InboxMail, type TestAccount } from './identity.fixture.js';

type BookingFacts = EventBody<'booking.accepted'>;
type BookingEvent =
  | 'booking.created'
  | 'booking.requested'
  | 'booking.confirmed'
  | 'booking.declined'
  | 'booking.change-proposed'
  | 'booking.change-accepted';

/** A Tuesday. The stay is in June of that year, in New York. */
export const START = '2027-03-02T12:00:00Z';

export const TITLE = 'A flat by the river';

/** A host, a guest, a listing and a booking, and the events of the other services about them. */
export class BookingScenario {
  private version = 1;

  constructor(
    readonly identity: TestIdentity,
    readonly host: TestAccount,
    readonly guest: TestAccount,
    readonly facts: BookingFacts,
  ) {}

  async publishListing(overrides: Partial<EventBody<'listing.published'>> = {}): Promise<void> {
    await this.identity.service.deliver(
      'listing.published',
      {
        listingId: this.facts.listingId,
        hostId: this.host.id,
        status: 'published',
        title: TITLE,
        city: 'Albany',
        countryCode: 'US',
        timeZone: 'America/New_York',
        checkInFrom: '15:00',
        checkOutUntil: '11:00',
        currency: 'USD',
        bookingMode: 'request',
        capacity: 4,
        maxPets: 0,
        pricing: null,
        stayRules: DEFAULT_STAY_RULES,
        cancellationPolicy: 'flexible',
        coverUrl: null,
        ...overrides,
      },
      { version: (this.version += 1) },
    );
  }

  /** Delivers an event of the booking. `more` has the fields that the type adds. */
  async deliver<T extends BookingEvent | 'booking.expired' | 'booking.cancelled' | 'booking.completed'>(
    type: T,
    state: BookingFacts['state'],
    more: Omit<EventBody<T>, keyof BookingFacts> & Partial<BookingFacts>,
    options: DeliverOptions = {},
  ): Promise<void> {
    const body = { ...this.facts, state, ...more } as unknown as EventBody<T>;
    await this.identity.service.deliver(type, body, { version: (this.version += 1), ...options });
  }

  async create(): Promise<void> {
    await this.deliver('booking.created', 'pending_payment', {});
  }

  async request(options: DeliverOptions = {}): Promise<void> {
    await this.create();
    await this.deliver('booking.requested', 'awaiting_host', { respondBy: '2027-03-03T12:00:00Z' }, options);
  }

  async confirm(options: DeliverOptions = {}): Promise<void> {
    await this.create();
    await this.deliver('booking.confirmed', 'confirmed', { late: false }, options);
  }

  async applyChange(terms: Partial<BookingFacts>, options: DeliverOptions = {}): Promise<void> {
    const { checkInDate, checkOutDate, guests, totalMinor } = { ...this.facts, ...terms };
    const body: EventBody<'booking.change-applied'> = {
      ...this.facts,
      checkOutDate: '2027-07-05',
      checkOutAt: '2027-07-05T15:00:00Z',
      ...terms,
      state: 'confirmed',
      changeId: randomUUID(),
      by: 'guest',
      outcome: null,
      terms: { checkInDate, checkOutDate, guests },
      differenceMinor: totalMinor - this.facts.totalMinor,
      expiresAt: null,
    };
    await this.identity.service.deliver('booking.change-applied', body, {
      version: (this.version += 1),
      ...options,
    });
  }

  async complete(): Promise<void> {
    await this.confirm();
    await this.identity.service.clock.set(this.facts.checkOutAt);
    await this.deliver('booking.completed', 'completed', {});
  }

  async publishReview(
    direction: EventBody<'review.published'>['direction'],
    options: DeliverOptions = {},
  ): Promise<void> {
    const byGuest = direction === 'guest_to_listing';
    await this.identity.service.deliver(
      'review.published',
      {
        reviewId: randomUUID(),
        bookingId: this.facts.bookingId,
        listingId: this.facts.listingId,
        authorId: byGuest ? this.guest.id : this.host.id,
        subjectId: byGuest ? this.facts.listingId : this.guest.id,
        direction,
      },
      options,
    );
  }

  async sendMessage(
    from: 'guest' | 'host',
    overrides: Partial<EventBody<'message.sent'>> = {},
    options: DeliverOptions = {},
  ): Promise<void> {
    const to = from === 'guest' ? 'host' : 'guest';
    await this.identity.service.deliver(
      'message.sent',
      {
        threadId: this.facts.bookingId,
        messageId: randomUUID(),
        listingId: this.facts.listingId,
        bookingId: this.facts.bookingId,
        senderId: this[from].id,
        recipientId: this[to].id,
        ...overrides,
      },
      options,
    );
  }

  async nameOf(side: 'guest' | 'host'): Promise<string> {
    return String((await this.identity.with(this[side].accessToken).get('/v1/me')).body.displayName);
  }

  /** Newest first. */
  async mailsTo(side: 'guest' | 'host'): Promise<InboxMail[]> {
    return this.identity.mailsTo(this[side].email);
  }

  async mailedTemplates(): Promise<{ guest: string[]; host: string[] }> {
    const of = async (side: 'guest' | 'host') => (await this.mailsTo(side)).map(({ template }) => template);
    return { guest: await of('guest'), host: await of('host') };
  }

  async latestMail(side: 'guest' | 'host', template: string): Promise<InboxMail> {
    const mail = (await this.mailsTo(side)).find((candidate) => candidate.template === template);
    if (!mail) throw new Error(`The ${side} has no ${template} mail`);
    return mail;
  }
}

export async function createScenario(
  identity: TestIdentity,
  overrides: Partial<BookingFacts> = {},
): Promise<BookingScenario> {
  await identity.service.clock.set(START);
  const host = await identity.createUser({ roles: ['host'] });
  const guest = await identity.createUser();
  const facts: BookingFacts = {
    bookingId: randomUUID(),
    listingId: randomUUID(),
    hostId: host.id,
    guestId: guest.id,
    state: 'pending_payment',
    bookingMode: 'request',
    checkInDate: '2027-06-10',
    checkOutDate: '2027-06-14',
    timeZone: 'America/New_York',
    checkInAt: '2027-06-10T19:00:00Z',
    checkOutAt: '2027-06-14T15:00:00Z',
    guests: { adults: 2, children: [{ age: 7 }], infants: 0, pets: 0 },
    currency: 'USD',
    lines: [],
    totalMinor: 123_456,
    hostPayoutMinor: 100_050,
    platformFeeMinor: 20_000,
    taxMinor: 3_406,
    payoutDueAt: '2027-06-11T19:00:00Z',
    holdExpiresAt: null,
    ...overrides,
  };
  const scenario = new BookingScenario(identity, host, guest, facts);
  await scenario.publishListing();
  return scenario;
}
