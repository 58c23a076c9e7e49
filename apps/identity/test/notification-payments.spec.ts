import { randomUUID } from 'node:crypto';
import type { DeliverOptions } from '@roost/testing';
import { type TestIdentity, startIdentity } from './identity.fixture.js';
import { type BookingScenario, createScenario, TITLE } from './notification.fixture.js';

let identity: TestIdentity;
let scenario: BookingScenario;
beforeAll(async () => {
  identity = await startIdentity();
});
beforeEach(async () => {
  scenario = await createScenario(identity);
});
afterAll(() => identity.close());

const payment = () => ({
  paymentId: randomUUID(),
  bookingId: scenario.facts.bookingId,
  changeId: null,
  guestId: scenario.guest.id,
  hostId: scenario.host.id,
  purpose: 'booking' as const,
  status: 'partially_refunded' as const,
  provider: 'sandbox' as const,
  currency: 'USD',
  amountMinor: 123_456,
  authorizedMinor: 123_456,
  capturedMinor: 123_456,
  refundedMinor: 50_025,
});

const refunded = (
  reason: string,
  options: DeliverOptions = {},
  facts: { repeated?: boolean; paidOutOfBand?: boolean } = {},
) =>
  identity.service.deliver(
    'payment.refunded',
    { ...payment(), refundId: randomUUID(), refundAmountMinor: 50_025, reason, ...facts },
    options,
  );

const dispute = (type: 'payment.disputed' | 'payment.dispute-won' | 'payment.dispute-lost') =>
  identity.service.deliver(type, { ...payment(), status: 'disputed', disputeId: randomUUID() });

describe('mails about refunds', () => {
  it.each([
    ['booking-ended', 'because the booking has ended'],
    ['booking-changed', 'because the changed booking costs less'],
    ['admin', 'by Roost'],
    ['a-reason-of-a-later-version', 'by Roost'],
  ])('payment.refunded (%s) mails the amount and the cause to the guest', async (reason, text) => {
    await scenario.confirm();
    await refunded(reason);
    expect(await scenario.mailedTemplates()).toEqual({
      guest: ['payment-refunded', 'booking-confirmed'],
      host: ['booking-confirmed'],
    });
    const mail = await scenario.latestMail('guest', 'payment-refunded');
    expect(mail.subject).toBe(`Your refund for ${TITLE}`);
    expect(mail.text).toMatch(/Refund: +\$500\.25/);
    expect(mail.html).toContain('$500.25');
    expect(mail.text).toContain(text);
  });

  it('the mail of a repeated refund says that it was sent again', async () => {
    await scenario.confirm();
    await refunded('admin');
    expect((await scenario.latestMail('guest', 'payment-refunded')).text).not.toContain('sent it again');
    await refunded('admin', {}, { repeated: true });
    expect((await scenario.latestMail('guest', 'payment-refunded')).text).toContain('sent it again');
    await refunded('admin', {}, { repeated: true, paidOutOfBand: true });
    const { text } = await scenario.latestMail('guest', 'payment-refunded');
    expect(text).toContain('We pay it to you another way.');
    expect(text).not.toContain('is returned to the payment method');
  });

  it('a redelivered event mails once, a second refund mails again', async () => {
    await scenario.confirm();
    const id = randomUUID();
    await refunded('admin', { id });
    await refunded('admin', { id });
    expect((await scenario.mailedTemplates()).guest).toEqual(['payment-refunded', 'booking-confirmed']);
    await refunded('admin');
    expect((await scenario.mailedTemplates()).guest).toHaveLength(3);
  });
});

describe('mails about disputes', () => {
  it('payment.disputed mails the host that payouts are on hold, and not the guest', async () => {
    await scenario.confirm();
    await dispute('payment.disputed');
    expect(await scenario.mailedTemplates()).toEqual({
      guest: ['booking-confirmed'],
      host: ['payment-disputed', 'booking-confirmed'],
    });
    const mail = await scenario.latestMail('host', 'payment-disputed');
    expect(mail.subject).toBe(`A payment for ${TITLE} is disputed`);
    expect(mail.text).toContain('Payouts for this booking are on hold');
    expect(mail.text).not.toContain('$1,234.56');
  });

  it.each([
    ['payment.dispute-won', 'won', 'no longer on hold'],
    ['payment.dispute-lost', 'lost', 'deducted from your payouts'],
  ] as const)('%s mails the decision to the host', async (type, outcome, text) => {
    await scenario.confirm();
    await dispute(type);
    const mail = await scenario.latestMail('host', 'dispute-closed');
    expect(mail.subject).toBe(`The dispute about ${TITLE} is ${outcome}`);
    expect(mail.text).toContain(text);
    expect((await scenario.mailedTemplates()).guest).toEqual(['booking-confirmed']);
  });

  it('a host who was not notified of the booking is not notified of its dispute', async () => {
    await scenario.create();
    await dispute('payment.disputed');
    expect(await scenario.mailedTemplates()).toEqual({ guest: [], host: [] });
  });
});
