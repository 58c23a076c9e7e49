import { eventually, testUser } from '@roost/testing';
import { DUE, SHARE, START } from './payouts.fixture.js';
import { StripePayments } from './stripe.fixture.js';

describe('payouts at Stripe', () => {
  let payments: StripePayments;
  beforeAll(async () => {
    payments = await StripePayments.start({ PAYMENT_CHECK_SECONDS: '3600' });
  });
  afterAll(() => payments.close());

  /** A payout that was transferred to the host's account. */
  async function givenPaid() {
    const { service } = payments;
    await service.clock.set(START);
    const host = testUser({ roles: ['host'] });
    const account = { provider: 'stripe', currency: 'USD', reference: `acct_${host.id.slice(0, 8)}` };
    expect((await service.as(host).put('/v1/me/payout-account', account)).status).toBe(200);
    await payments.givenConfirmed(testUser(), { host, holdExpiresAt: '2031-01-01T00:00:00.000Z' });
    await service.clock.set(DUE);
    const statuses = async () =>
      (
        await service.query<{ status: string }>('SELECT status FROM payout WHERE host_id = $1', [host.id])
      ).map(({ status }) => status);
    await eventually(async () => expect(await statuses()).toEqual(['paid']));
    const transfer = [...payments.stripe.account.transfers.values()].find(
      ({ destination }) => destination === account.reference,
    );
    const ref = transfer?.id ?? '';
    // The webhook of its creation would be parked as well, if it were handled after a reversal.
    await eventually(async () =>
      expect(
        await service.query('SELECT FROM webhook_event WHERE ref = $1 AND handled_at IS NOT NULL', [ref]),
      ).toHaveLength(1),
    );
    return { statuses, ref };
  }

  const differencesOf = async (ref: string) =>
    (await payments.reconcile()).differences.filter(({ providerRef }) => providerRef === ref);
  const parked = (ref: string) =>
    payments.service.query(
      `SELECT type, park_reason FROM webhook_event WHERE ref = $1 AND outcome = 'parked'`,
      [ref],
    );

  test('a partial reversal is parked and listed, and never applied; one of the rest returns the payout', async () => {
    const { statuses, ref } = await givenPaid();
    expect(await differencesOf(ref)).toEqual([]);
    payments.stripe.account.reverse(ref, 1_000);
    await eventually(async () =>
      expect(await parked(ref)).toEqual([{ type: 'transfer.reversed', park_reason: 'amount_differs' }]),
    );
    expect(await statuses()).toEqual(['paid']);
    expect(await differencesOf(ref)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          kind: 'payout.amount_differs',
          expectedMinor: SHARE,
          foundMinor: SHARE - 1_000,
          action: expect.stringContaining('reverse the rest') as string,
        }),
      ]),
    );
    payments.stripe.account.reverse(ref, SHARE - 1_000);
    await eventually(async () => expect(await statuses()).toEqual(['failed']));
    expect((await differencesOf(ref)).map(({ kind }) => kind)).toEqual(['webhook.parked']);
  });
});
