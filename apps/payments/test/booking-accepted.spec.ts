import { testUser, eventually } from '@roost/testing';
import { type PaymentsUnderTest, startPayments } from './payments.fixture.js';

describe('booking.accepted', () => {
  let payments: PaymentsUnderTest;
  beforeAll(async () => {
    payments = await startPayments();
  });
  afterAll(() => payments.close());

  const captured = async (paymentId: string) =>
    (await payments.service.published('payment.captured')).filter((body) => body.paymentId === paymentId);

  test('captures the authorized amount once', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenAuthorized(guest);
    const accepted = { ...booking, state: 'awaiting_capture' as const };
    await payments.service.deliver('booking.accepted', accepted, { times: 2 });
    await payments.service.deliver('booking.accepted', accepted);
    await payments.becomes(guest, payment.id, 'captured');
    const intent = await payments.sandbox.intentOf(payment.id);
    expect(await payments.sandbox.books(intent.id)).toEqual([['charge', 27_280]]);
    expect(await captured(payment.id)).toHaveLength(1);
    await payments.service.deliver('booking.confirmed', { ...accepted, state: 'confirmed', late: false });
    await payments.agreed();
  });

  test('captures once if the provider captures and its response is lost', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenAuthorized(guest);
    await payments.sandbox.faults({ route: 'capture', kind: 'silent', times: 3 });
    await payments.service.deliver('booking.accepted', { ...booking, state: 'awaiting_capture' });
    await payments.becomes(guest, payment.id, 'captured');
    const intent = await payments.sandbox.intentOf(payment.id);
    expect(await payments.sandbox.books(intent.id)).toEqual([['charge', 27_280]]);
    expect(await captured(payment.id)).toHaveLength(1);
  });

  test('fails with the provider’s code if the authorization has lapsed', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenAuthorized(guest);
    const intent = await payments.sandbox.intentOf(payment.id);
    // The webhook of the lapse is lost, so the capture is the first call to report it.
    await payments.switches({ drop: 1 });
    await payments.sandbox.request('POST', `/control/payment-intents/${intent.id}/lapse`);
    await payments.service.deliver('booking.accepted', { ...booking, state: 'awaiting_capture' });
    await payments.becomes(guest, payment.id, 'failed');
    await payments.switches({});
    const failed = await payments.service.published('payment.failed');
    expect(failed.filter((body) => body.paymentId === payment.id)).toEqual([
      expect.objectContaining({ status: 'failed', code: 'authorization_lapsed', capturedMinor: 0 }),
    ]);
    expect(await payments.sandbox.books(intent.id)).toEqual([]);
    expect(await captured(payment.id)).toEqual([]);
  });

  test('refunds a capture whose booking has expired before the provider responds', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenAuthorized(guest);
    await payments.sandbox.faults(
      { route: 'capture', kind: 'silent', times: 1 },
      { route: 'capture', kind: 'fail', times: 1 },
    );
    await payments.service.deliver('booking.accepted', { ...booking, state: 'awaiting_capture' });
    await eventually(async () =>
      expect(await payments.sandbox.intentOf(payment.id)).toMatchObject({ status: 'succeeded' }),
    );
    await payments.service.deliver('booking.expired', { ...booking, state: 'expired', cause: 'capture' });
    await payments.becomes(guest, payment.id, 'refunded');
    expect(await payments.balances(booking.bookingId)).toEqual({});
    await payments.agreed();
  });
});
