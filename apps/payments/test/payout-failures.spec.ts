import { eventually, expectProblem, testUser, type TestUser } from '@roost/testing';
import { PayoutMaker } from '../src/payout/payout-maker.service.js';
import { PayoutRunner } from '../src/payout/payout-runner.service.js';
import { Providers } from '../src/provider/providers.js';
import { DUE, PayoutsUnderTest, SHARE } from './payouts.fixture.js';

describe('payouts that do not succeed at once', () => {
  let payouts: PayoutsUnderTest;
  beforeAll(async () => {
    payouts = await PayoutsUnderTest.start({ PROVIDER_TIMEOUT_SECONDS: '0.5' });
  });
  afterEach(async () => {
    await payouts.sandbox.faults();
    await payouts.plan('paid', 0);
  });
  afterAll(() => payouts.close());
  const clock = () => payouts.service.clock;

  /** A host with a payout that is due, once the clock is at DUE. */
  async function givenDueStay(): Promise<TestUser> {
    const host = await payouts.givenHost();
    await payouts.givenStay(host);
    return host;
  }

  const failedEvents = async (host: TestUser) =>
    (await payouts.service.published('payout.failed')).filter(({ hostId }) => hostId === host.id);

  /** Sweeps again until the host has these payouts. */
  const sweptTo = (host: TestUser, expected: [string, number][]) =>
    eventually(async () => {
      await clock().advance('PT1S');
      const found = (await payouts.payoutsOf(host)).filter(({ id }) => id !== null);
      expect(found.map(({ status, amountMinor }) => [status, amountMinor])).toEqual(expected);
    });

  test('a failed transfer is reversed and tried again with growing pauses; the failures are counted', async () => {
    const host = await givenDueStay();
    await payouts.plan('failed', 2);
    await clock().set(DUE);
    const [first] = await payouts.becomes(host, [['failed', SHARE]]);
    expect(first).toMatchObject({ failureCode: 'account_closed' });
    expect(await payouts.owed(host)).toBe(SHARE);
    expect(await payouts.upcoming(host)).toEqual([[SHARE, 'retry_pending']]);
    await clock().set('2030-05-11T19:59:00Z');
    await payouts.becomes(host, [['failed', SHARE]]);
    await clock().set('2030-05-11T20:01:00Z');
    await payouts.becomes(host, [
      ['failed', SHARE],
      ['failed', SHARE],
    ]);
    await clock().set('2030-05-12T01:00:00Z');
    await payouts.becomes(host, [
      ['failed', SHARE],
      ['failed', SHARE],
    ]);
    await clock().set('2030-05-12T03:00:00Z');
    await payouts.becomes(host, [
      ['paid', SHARE],
      ['failed', SHARE],
      ['failed', SHARE],
    ]);
    expect((await failedEvents(host)).map(({ attempt, code }) => [attempt, code])).toEqual([
      [1, 'account_closed'],
      [2, 'account_closed'],
    ]);
    expect(await payouts.owed(host)).toBe(0);
    await payouts.payments.agreed();
  });

  test('a refund between a failure and its retry is not paid out', async () => {
    const host = await payouts.givenHost();
    const booking = await payouts.givenStay(host);
    await payouts.plan('failed');
    await clock().set(DUE);
    await payouts.becomes(host, [['failed', SHARE]]);
    await payouts.cancel(booking, 10_000);
    await clock().advance('PT2H');
    await payouts.becomes(host, [
      ['paid', 10_000],
      ['failed', SHARE],
    ]);
    expect(await payouts.owed(host)).toBe(0);
  });

  test('an operator retries a failed payout at once, and only the latest one', async () => {
    const host = await givenDueStay();
    await payouts.plan('failed');
    await clock().set(DUE);
    const [failed] = await payouts.becomes(host, [['failed', SHARE]]);
    const retried = await payouts.retry(failed?.id);
    expect(retried).toMatchObject({
      status: 200,
      body: { id: failed?.id, status: 'failed', hostId: host.id },
    });
    const log = await payouts.service.as(payouts.payments.admin).get('/v1/admin/payments/audit-log');
    expect(log.body).toMatchObject({
      data: [{ action: 'payout.retry', subjectType: 'payout', subjectId: failed?.id, reason: 'New account' }],
    });
    const [paid] = await payouts.becomes(host, [
      ['paid', SHARE],
      ['failed', SHARE],
    ]);
    for (const { id } of [failed, paid].flatMap((payout) => payout ?? [])) {
      expectProblem(await payouts.retry(id), 409, 'payout.wrong_state');
    }
  });

  test('a pending transfer is paid when the provider says so, by its webhook', async () => {
    const host = await givenDueStay();
    await payouts.plan('pending');
    await clock().set(DUE);
    await payouts.becomes(host, [['in_transit', SHARE]]);
    expect(await payouts.owed(host, 'payout_in_transit')).toBe(SHARE);
    const transfer = await payouts.transferTo(host);
    await payouts.sandbox.request('POST', `/control/transfers/${transfer.id}/paid`);
    await payouts.becomes(host, [['paid', SHARE]]);
    await payouts.payments.agreed();
  });

  test('a pending transfer is found paid without its webhook', async () => {
    const host = await givenDueStay();
    await payouts.payments.switches({ drop: 1 });
    await payouts.plan('pending');
    await clock().set(DUE);
    await payouts.becomes(host, [['in_transit', SHARE]]);
    const transfer = await payouts.transferTo(host);
    await payouts.sandbox.request('POST', `/control/transfers/${transfer.id}/paid`);
    await sweptTo(host, [['paid', SHARE]]);
    await payouts.payments.switches({});
  });

  test('a paid transfer that comes back is owed to the host again', async () => {
    const host = await givenDueStay();
    await clock().set(DUE);
    await payouts.becomes(host, [['paid', SHARE]]);
    const transfer = await payouts.transferTo(host);
    await payouts.sandbox.request('POST', `/control/transfers/${transfer.id}/failed`);
    await payouts.becomes(host, [['failed', SHARE]]);
    expect(await payouts.owed(host)).toBe(SHARE);
    await clock().advance('PT2H');
    await payouts.becomes(host, [
      ['paid', SHARE],
      ['failed', SHARE],
    ]);
    expect(await payouts.owed(host)).toBe(0);
    await payouts.payments.agreed();
  });

  test.each(['lost', 'silent', 'hang', 'fail'])(
    'a transfer whose answer is %s is made once',
    async (kind) => {
      const host = await givenDueStay();
      // Both tries of the call, so that the outcome stays unclear.
      await payouts.sandbox.faults({ route: 'transfer', kind, times: 2 });
      await clock().set(DUE);
      await sweptTo(host, [['paid', SHARE]]);
      expect(await payouts.transfersTo(host)).toHaveLength(1);
      expect(await payouts.owed(host)).toBe(0);
    },
    40_000,
  );

  test('while the provider is unreachable nothing is decided', async () => {
    const host = await givenDueStay();
    await payouts.sandbox.faults({ route: 'any', kind: 'fail', times: 1_000 });
    await clock().set(DUE);
    await payouts.becomes(host, [['in_transit', SHARE]]);
    await clock().advance('PT1S');
    await payouts.becomes(host, [['in_transit', SHARE]]);
    expect(await failedEvents(host)).toEqual([]);
    await payouts.sandbox.faults();
    const [payout] = await payouts.adminList(`&hostId=${host.id}`);
    expect((await payouts.retry(payout?.id)).status).toBe(200);
    await sweptTo(host, [['paid', SHARE]]);
    expect(await payouts.transfersTo(host)).toHaveLength(1);
  });

  test('while the provider of the account makes no transfers, amounts stay upcoming with that reason', async () => {
    const host = await givenDueStay();
    const provider = payouts.service.get(Providers).of('sandbox');
    const { transfers } = provider;
    const setTransfers = (value: typeof transfers) => Object.defineProperty(provider, 'transfers', { value });
    setTransfers(null);
    await clock().set(DUE);
    expect(await payouts.upcoming(host)).toEqual([[SHARE, 'provider_unavailable']]);
    expect(await payouts.adminList(`&hostId=${host.id}`)).toEqual([]);
    setTransfers(transfers);
    await sweptTo(host, [['paid', SHARE]]);
  });

  test('concurrent runs pay once', async () => {
    const host = await givenDueStay();
    const maker = payouts.service.get(PayoutMaker);
    const runner = payouts.service.get(PayoutRunner);
    await payouts.sandbox.request('PUT', '/control/transfers', { outcome: 'paid', times: 0 });
    const make = () => maker.make({ hostId: host.id, currency: 'USD' });
    const moved = clock().set(DUE);
    await Promise.all([moved, ...Array.from({ length: 12 }, make)]);
    const [payout] = await payouts.becomes(host, [['paid', SHARE]]);
    await Promise.all(Array.from({ length: 5 }, () => runner.run(payout?.id ?? '')));
    expect(await payouts.transfersTo(host)).toHaveLength(1);
    expect(await payouts.owed(host)).toBe(0);
    const scheduled = await payouts.service.published('payout.scheduled');
    expect(scheduled.filter(({ hostId }) => hostId === host.id)).toHaveLength(1);
  });

  test('a transfer of another amount is not applied', async () => {
    const host = await givenDueStay();
    await payouts.plan('pending');
    await clock().set(DUE);
    const [payout] = await payouts.becomes(host, [['in_transit', SHARE]]);
    const transfer = await payouts.transferTo(host);
    await payouts.service.query('UPDATE payout SET amount_minor = amount_minor - 1 WHERE id = $1', [
      payout?.id,
    ]);
    await payouts.sandbox.request('POST', `/control/transfers/${transfer.id}/paid`);
    await eventually(async () => {
      const handled = await payouts.service.query(
        `SELECT FROM webhook_event WHERE type = 'transfer.paid' AND ref = $1 AND handled_at IS NOT NULL`,
        [transfer.id],
      );
      expect(handled).toHaveLength(1);
    });
    await payouts.becomes(host, [['in_transit', SHARE - 1]]);
    await payouts.service.query('UPDATE payout SET amount_minor = amount_minor + 1 WHERE id = $1', [
      payout?.id,
    ]);
    await sweptTo(host, [['paid', SHARE]]);
  });

  test('a webhook about a transfer that is not ours changes nothing', async () => {
    await payouts.givenStay(testUser({ roles: ['host'] }));
    const { id } = await payouts.sandbox.request<{ id: string }>('POST', '/v1/transfers', {
      destination: 'acct_stranger',
      amountMinor: 5,
      currency: 'USD',
    });
    await eventually(async () => {
      const [webhook] = await payouts.service.query<{ outcome: string }>(
        'SELECT outcome FROM webhook_event WHERE ref = $1 AND handled_at IS NOT NULL',
        [id],
      );
      expect(webhook?.outcome).toBe('not-ours');
    });
  });
});
