import { events, type EventType } from '@roost/contracts';
import { testUser, eventually, expectGolden, optionalFields } from '@roost/testing';
import { Disputes } from './dispute.fixture.js';
import { aChange, LONGER, type PaymentsUnderTest, SHORTER, startPayments } from './payments.fixture.js';

let payments: PaymentsUnderTest;
beforeAll(async () => {
  payments = await startPayments();
});
afterAll(() => payments.close());

const publishedTypes = (Object.keys(events) as EventType[]).filter(
  (type) => events[type].topic === 'payments.payment',
);

async function publishAllTypes(): Promise<void> {
  const guest = testUser();
  const { booking } = await payments.givenConfirmed(guest);
  const longer = await payments.givenChanged(guest, booking, LONGER);
  const shorter = aChange(longer.booking, SHORTER);
  await payments.service.deliver('booking.change-accepted', shorter);
  await payments.applied(shorter);

  const unconfirmed = await payments.givenPayment({ guest });
  await payments.confirm(guest, unconfirmed.payment.id, 'pm_card_authenticationRequired');

  const disputes = new Disputes(payments);
  for (const outcome of ['won', 'lost'] as const) {
    const { payment } = await disputes.givenDisputed();
    await disputes.decided(payment.id, outcome);
  }

  const declined = await payments.givenAuthorized(guest);
  await payments.service.deliver('booking.declined', { ...declined.booking, state: 'declined' });

  const lapsed = await payments.givenAuthorized(guest);
  const intent = await payments.sandbox.intentOf(lapsed.payment.id);
  await payments.switches({ drop: 1 });
  await payments.sandbox.request('POST', `/control/payment-intents/${intent.id}/lapse`);
  await payments.service.deliver('booking.accepted', { ...lapsed.booking, state: 'awaiting_capture' });
  await payments.becomes(guest, lapsed.payment.id, 'failed');
  await payments.becomes(guest, declined.payment.id, 'voided');
}

test('publishes every event type like its fixture, with every field of its contract', async () => {
  await publishAllTypes();
  await eventually(
    async () => {
      expect([...(await expectGolden(payments.service))].toSorted()).toEqual(publishedTypes.toSorted());
    },
    { seconds: 20 },
  );
  for (const type of publishedTypes) {
    const bodies = await payments.service.published(type);
    for (const body of bodies)
      expect(Object.keys(body)).toEqual(expect.arrayContaining(optionalFields(type)));
  }
  const purposes = (await payments.service.published('payment.captured')).map(({ purpose }) => purpose);
  expect(new Set(purposes)).toEqual(new Set(['booking', 'change']));
});
