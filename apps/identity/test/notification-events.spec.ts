import { randomUUID } from 'node:crypto';
import { createScenario, type BookingScenario, TITLE } from './notification.fixture.js';
import { type TestIdentity, startIdentity } from './identity.fixture.js';

let identity: TestIdentity;
let scenario: BookingScenario;
beforeAll(async () => {
  identity = await startIdentity();
});
beforeEach(async () => {
  scenario = await createScenario(identity);
});
afterAll(() => identity.close());

const noMails = { guest: [], host: [] };

describe('mails of events', () => {
  it('booking.created and booking.accepted send no mail', async () => {
    await scenario.create();
    await scenario.deliver('booking.accepted' as 'booking.created', 'awaiting_capture', {});
    expect(await scenario.mailedTemplates()).toEqual(noMails);
  });

  it('booking.requested mails the host, with the time to respond in the time zone of the listing', async () => {
    await scenario.request();
    expect(await scenario.mailedTemplates()).toEqual({ guest: [], host: ['booking-requested'] });
    const { subject, text } = await scenario.latestMail('host', 'booking-requested');
    expect(subject).toBe(`${await scenario.nameOf('guest')} requests to stay at ${TITLE}`);
    expect(text).toMatch(/Respond by: +Wednesday, March 3, 2027, 07:00 \(America\/New_York\)/);
    expect(text).toContain('$1,000.50');
    expect(text).not.toContain('$1,234.56');
  });

  it('booking.confirmed mails the total to the guest and the payout to the host', async () => {
    await scenario.confirm();
    expect(await scenario.mailedTemplates()).toEqual({
      guest: ['booking-confirmed'],
      host: ['booking-confirmed'],
    });
    const guest = await scenario.latestMail('guest', 'booking-confirmed');
    expect(guest.text).toContain('$1,234.56');
    expect(guest.text).not.toContain('$1,000.50');
    expect(guest.text).toMatch(/Check-in: +Thursday, June 10, 2027, from 15:00/);
    expect(guest.text).toMatch(/Check-out: +Monday, June 14, 2027, by 11:00/);
    expect(guest.text).toMatch(/Guests: +2 adults, 1 child\n/);
    expect(guest.html).toContain('$1,234.56');
    const host = await scenario.latestMail('host', 'booking-confirmed');
    expect(host.text).toContain('$1,000.50');
    expect(host.text).not.toContain('$1,234.56');
  });

  it('booking.declined mails the guest that they are not charged', async () => {
    await scenario.request();
    await scenario.deliver('booking.declined', 'declined', {});
    expect(await scenario.mailedTemplates()).toEqual({
      guest: ['booking-declined'],
      host: ['booking-requested'],
    });
    expect((await scenario.latestMail('guest', 'booking-declined')).text).toContain('You are not charged');
  });

  it.each(['host', 'check-in', 'capture'] as const)(
    'booking.expired by %s mails both sides',
    async (cause) => {
      await scenario.request();
      await scenario.deliver('booking.expired', 'expired', { cause });
      expect(await scenario.mailedTemplates()).toEqual({
        guest: ['booking-expired'],
        host: ['booking-expired', 'booking-requested'],
      });
      expect((await scenario.latestMail('guest', 'booking-expired')).text).toContain('You are not charged');
    },
  );

  it('booking.expired by its hold mails the guest only', async () => {
    await scenario.create();
    await scenario.deliver('booking.expired', 'expired', { cause: 'hold' });
    expect(await scenario.mailedTemplates()).toEqual({ guest: ['booking-expired'], host: [] });
    expect((await scenario.latestMail('guest', 'booking-expired')).text).toContain(
      'The time to pay has expired',
    );
  });

  it('a second booking.expired by its hold mails the refund of a late payment', async () => {
    await scenario.create();
    await scenario.deliver('booking.expired', 'expired', { cause: 'hold' });
    await scenario.deliver('booking.expired', 'expired', { cause: 'hold' });
    expect(await scenario.mailedTemplates()).toEqual({
      guest: ['booking-expired', 'booking-expired'],
      host: [],
    });
    const { subject, text } = (await scenario.mailsTo('guest'))[0] ?? {};
    expect(subject).toBe(`Your payment for ${TITLE} is refunded`);
    expect(text).toMatch(/Refund: +\$1,234\.56/);
  });

  it.each(['guest', 'host', 'admin'] as const)(
    'booking.cancelled by %s mails the refund to the guest and the payout to the host',
    async (by) => {
      await scenario.confirm();
      await scenario.deliver('booking.cancelled', 'cancelled', {
        by,
        refundMinor: 70_000,
        refundLines: [],
        hostPenaltyMinor: by === 'host' ? 5_000 : 0,
        hostPayoutMinor: 40_010,
      });
      const guest = await scenario.latestMail('guest', 'booking-cancelled');
      expect(guest.text).toMatch(/Refund: +\$700\.00/);
      const host = await scenario.latestMail('host', 'booking-cancelled');
      expect(host.text).toMatch(/Your payout: +\$400\.10/);
      expect(host.text).not.toContain('$700.00');
      expect(host.text.includes('$50.00')).toBe(by === 'host');
      expect(guest.text).not.toContain('$50.00');
    },
  );

  it('booking.cancelled before the payment mails the guest only, without an amount', async () => {
    await scenario.create();
    await scenario.deliver('booking.cancelled', 'cancelled', {
      by: 'guest',
      refundMinor: 123_456,
      refundLines: [],
      hostPenaltyMinor: 0,
    });
    expect(await scenario.mailedTemplates()).toEqual({ guest: ['booking-cancelled'], host: [] });
    const { text } = await scenario.latestMail('guest', 'booking-cancelled');
    expect(text).toContain('You are not charged');
    expect(text).not.toContain('$1,234.56');
  });

  it('booking.change-proposed mails the side that has to respond, booking.change-accepted the guest who has to pay', async () => {
    await scenario.confirm();
    const change = {
      changeId: randomUUID(),
      outcome: null,
      terms: {
        checkInDate: '2027-07-01',
        checkOutDate: '2027-07-05',
        guests: { adults: 3, children: [], infants: 0, pets: 0 },
      },
      differenceMinor: 10_000,
      expiresAt: '2027-06-02T12:00:00Z',
    };
    await scenario.deliver('booking.change-proposed', 'confirmed', { ...change, by: 'guest' });
    expect((await scenario.mailedTemplates()).guest).not.toContain('booking-change-proposed');
    const proposed = await scenario.latestMail('host', 'booking-change-proposed');
    expect(proposed.text).toMatch(/Check-in: .*→ Thursday, July 1, 2027/);
    expect(proposed.text).toMatch(/Additional payment by the guest: +\$100\.00/);
    expect(proposed.text).toContain('Respond by');
    await scenario.deliver('booking.change-accepted', 'confirmed', { ...change, by: 'host' });
    const due = await scenario.latestMail('guest', 'booking-change-to-pay');
    expect(due.text).toMatch(/Amount due: +\$100\.00/);
    expect((await scenario.mailedTemplates()).host).not.toContain('booking-change-to-pay');
    await scenario.deliver('booking.change-proposed', 'confirmed', {
      ...change,
      differenceMinor: -1,
      by: 'host',
    });
    await scenario.deliver('booking.change-accepted', 'confirmed', {
      ...change,
      differenceMinor: -1,
      by: 'guest',
    });
    expect(
      (await scenario.mailedTemplates()).guest.filter((name) => name === 'booking-change-to-pay'),
    ).toHaveLength(1);
    expect((await scenario.latestMail('guest', 'booking-change-proposed')).text).toMatch(
      /Refund to the guest: +\$0\.01/,
    );
  });

  it('booking.change-applied mails the new terms to both sides and reschedules the reminder', async () => {
    await scenario.confirm();
    const terms = { checkInDate: '2027-07-01', checkInAt: '2027-07-01T19:00:00Z', totalMinor: 133_456 };
    const id = randomUUID();
    await scenario.applyChange(terms, { id });
    await identity.service.query('TRUNCATE inbox_event');
    await scenario.applyChange(terms, { id });
    const guest = await scenario.latestMail('guest', 'booking-changed');
    expect(guest.text).toMatch(/Check-in: +Thursday, July 1, 2027/);
    expect(guest.text).toMatch(/Total: +\$1,334\.56/);
    expect(guest.text).toMatch(/Additional payment: +\$100\.00/);
    expect((await scenario.latestMail('host', 'booking-changed')).text).not.toContain('$100.00');
    await identity.service.clock.set('2027-06-09T14:00:00Z');
    expect((await scenario.mailedTemplates()).guest).not.toContain('check-in-reminder');
    await identity.service.clock.set('2027-06-30T14:00:00Z');
    expect((await scenario.latestMail('guest', 'check-in-reminder')).text).toContain(
      'Thursday, July 1, 2027',
    );
  });

  it('payment.failed mails the guest', async () => {
    await scenario.create();
    await paymentFailed();
    expect(await scenario.mailedTemplates()).toEqual({ guest: ['payment-failed'], host: [] });
    expect((await scenario.latestMail('guest', 'payment-failed')).text).toMatch(/Amount: +\$1,234\.56/);
  });

  it('review.published mails the reviewed side', async () => {
    await scenario.complete();
    await scenario.publishReview('guest_to_listing');
    expect((await scenario.mailedTemplates()).guest).toEqual(['booking-confirmed']);
    expect((await scenario.latestMail('host', 'review-published')).subject).toBe(`A new review of ${TITLE}`);
    await scenario.publishReview('host_to_guest');
    expect((await scenario.mailedTemplates()).guest[0]).toBe('review-published');
  });
});

const paymentFailed = () =>
  identity.service.deliver('payment.failed', {
    paymentId: randomUUID(),
    bookingId: scenario.facts.bookingId,
    changeId: null,
    guestId: scenario.guest.id,
    hostId: scenario.host.id,
    purpose: 'booking',
    status: 'failed',
    provider: 'sandbox',
    currency: 'USD',
    amountMinor: 123_456,
    authorizedMinor: 0,
    capturedMinor: 0,
    refundedMinor: 0,
    code: 'card_declined',
  });
