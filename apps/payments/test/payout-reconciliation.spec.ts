import { eventually, type TestUser } from '@roost/testing';
import { DUE, PayoutsUnderTest, SHARE } from './payouts.fixture.js';
import { sendWebhook, webhookBecomes } from './webhook.fixture.js';

interface Found {
  kind: string;
  providerRef: string | null;
  expectedMinor: number | null;
  foundMinor: number | null;
  detail: string;
  action: string;
}

describe('reconciliation of payouts', () => {
  let payouts: PayoutsUnderTest;
  /** The kinds and details of differences that earlier tests have planted. */
  let known: Set<string>;
  beforeAll(async () => {
    payouts = await PayoutsUnderTest.start();
    known = new Set();
  });
  afterAll(() => payouts.close());

  async function givenPaid(): Promise<{ host: TestUser; id: string; ref: string; bookingId: string }> {
    const host = await payouts.givenHost();
    const { bookingId } = await payouts.givenStay(host);
    await payouts.service.clock.set(DUE);
    const [payout] = await payouts.becomes(host, [['paid', SHARE]]);
    const transfer = await payouts.transferTo(host);
    // A late webhook of the transfer would repair or report what a test then changes.
    await payouts.payments.webhooksHandled();
    return { host, bookingId, id: payout?.id ?? '', ref: transfer.id };
  }

  /** Waits for exactly these new differences. */
  async function reports(expected: Partial<Found>[]): Promise<void> {
    const found = await eventually(async () => {
      const { differences } = (await payouts.payments.reconcile()) as unknown as { differences: Found[] };
      const fresh = differences.filter((one) => !known.has(JSON.stringify(one)));
      expect(fresh).toHaveLength(expected.length);
      expect(fresh).toEqual(
        expect.arrayContaining(expected.map((one): unknown => expect.objectContaining(one))),
      );
      return fresh;
    });
    for (const one of found) {
      expect(one.action).not.toBe('');
      known.add(JSON.stringify(one));
    }
  }

  test('payout.unknown_transfer: a transfer of no payout, and a second one of a payout', async () => {
    const { id } = await givenPaid();
    await payouts.givenStay(await payouts.givenHost());
    const transfer = (metadata: object) =>
      payouts.sandbox.request<{ id: string }>('POST', '/v1/transfers', {
        ...{ destination: 'acct_other', amountMinor: 7, currency: 'USD', metadata },
      });
    const [stray, second] = [await transfer({}), await transfer({ payoutId: id })];
    await reports([
      { kind: 'payout.unknown_transfer', providerRef: stray.id, expectedMinor: 0, foundMinor: 7 },
      { kind: 'payout.unknown_transfer', providerRef: second.id, expectedMinor: 0, foundMinor: 7 },
    ]);
  });

  test('payout.missing_transfer: paid here, unknown at the provider', async () => {
    const { id, ref } = await givenPaid();
    await payouts.service.query(`UPDATE payout SET provider_ref = 'tr_lost' WHERE id = $1`, [id]);
    await reports([
      { kind: 'payout.missing_transfer', providerRef: 'tr_lost', expectedMinor: SHARE, foundMinor: 0 },
      { kind: 'payout.unknown_transfer', providerRef: ref, foundMinor: SHARE },
    ]);
  });

  test('payout.amount_differs: another amount, and a transfer that came back without a webhook', async () => {
    const changed = await givenPaid();
    const returned = await givenPaid();
    await payouts.payments.switches({ drop: 1 });
    await payouts.sandbox.request('POST', `/control/transfers/${returned.ref}/failed`);
    await payouts.payments.switches({});
    await payouts.service.query('UPDATE payout SET amount_minor = amount_minor - 1 WHERE id = $1', [
      changed.id,
    ]);
    const detail = expect.stringContaining(changed.id) as unknown as string;
    await reports([
      { kind: 'payout.amount_differs', providerRef: returned.ref, expectedMinor: SHARE, foundMinor: 0 },
      {
        kind: 'payout.amount_differs',
        providerRef: changed.ref,
        expectedMinor: SHARE - 1,
        foundMinor: SHARE,
      },
      { kind: 'payout.without_movement', detail, expectedMinor: SHARE - 1, foundMinor: SHARE },
      { kind: 'payout.without_movement', detail, expectedMinor: SHARE - 1, foundMinor: SHARE },
    ]);
  });

  test('payout.destination_differs: the transfer went to another account, and its webhook is parked', async () => {
    const { host, id, ref } = await givenPaid();
    await payouts.payments.switches({ drop: 1 });
    const other = await payouts.sandbox.request<{ id: string }>('POST', '/v1/transfers', {
      ...{ destination: 'acct_other', amountMinor: SHARE, currency: 'USD', metadata: { payoutId: id } },
    });
    await payouts.payments.switches({});
    await payouts.service.query('UPDATE payout SET provider_ref = $2 WHERE id = $1', [id, other.id]);
    const subject = { providerRef: other.id, expectedMinor: SHARE, foundMinor: SHARE };
    const webhook = await sendWebhook(payouts.payments, 'transfer.paid', { transfer: other });
    await webhookBecomes(payouts.payments, webhook, 'parked', 'destination_differs');
    await reports([
      { kind: 'payout.destination_differs', ...subject },
      { kind: 'payout.unknown_transfer', providerRef: ref },
      { kind: 'webhook.parked', providerRef: other.id },
    ]);

    // The remedy: the operator has the provider reverse the transfer, and the host is paid again.
    await payouts.sandbox.request('POST', `/control/transfers/${other.id}/failed`);
    const reversed = await sendWebhook(payouts.payments, 'transfer.reversed', { transfer: other });
    await webhookBecomes(payouts.payments, reversed, 'applied');
    expect(await payouts.adminList(`&hostId=${host.id}`)).toMatchObject([{ id, status: 'failed' }]);
    expect(await payouts.owed(host)).toBe(SHARE);
    await reports([]);
  });

  test('payout.without_movement: a payout whose status was changed by hand', async () => {
    const { id, host, ref } = await givenPaid();
    await payouts.service.query(
      `UPDATE payout SET status = 'in_transit', finished_at = NULL, call_at = now() + interval '1 day' WHERE id = $1`,
      [id],
    );
    await reports([
      {
        kind: 'payout.without_movement',
        providerRef: ref,
        expectedMinor: 0,
        foundMinor: SHARE,
      },
      {
        kind: 'payout.without_movement',
        expectedMinor: SHARE,
        foundMinor: 0,
        detail: expect.stringContaining(host.id) as unknown as string,
      },
    ]);
  });

  test('payout.without_movement and host.overpaid: a movement that was posted twice', async () => {
    const { host, bookingId } = await givenPaid();
    await payouts.service.query(
      `INSERT INTO movement (key, leg, debit_id, credit_id, currency, amount_minor, booking_id, occurred_at)
       SELECT 'planted:' || $1, 1, debit_id, credit_id, m.currency, amount_minor, booking_id, now() FROM movement m
       JOIN ledger_account c ON c.id = m.credit_id WHERE m.booking_id = $1::uuid AND c.code = 'payout_in_transit'`,
      [bookingId],
    );
    await reports([
      {
        kind: 'host.overpaid',
        expectedMinor: SHARE,
        foundMinor: 2 * SHARE,
        detail: expect.stringContaining(bookingId) as unknown as string,
      },
      {
        kind: 'payout.without_movement',
        expectedMinor: 0,
        foundMinor: SHARE,
        detail: expect.stringContaining(host.id) as unknown as string,
      },
    ]);
  });

  test('payout.stuck: no answer, pending for days, failing again and again', async () => {
    const host = await payouts.givenHost();
    await payouts.givenStay(host);
    await payouts.plan('pending');
    await payouts.service.clock.set(DUE);
    const [payout] = await payouts.becomes(host, [['in_transit', SHARE]]);
    await eventually(async () => {
      const [row] = await payouts.adminList(`&hostId=${host.id}`);
      expect(row?.providerRef).not.toBeNull();
    });
    await payouts.service.query(`UPDATE payout SET started_at = now() - interval '4 days' WHERE id = $1`, [
      payout?.id,
    ]);
    await reports([{ kind: 'payout.stuck', expectedMinor: SHARE, foundMinor: 0 }]);
    const failing = await payouts.givenHost();
    await payouts.givenStay(failing);
    await payouts.plan('failed');
    await payouts.service.clock.set(DUE);
    const [failed] = await payouts.becomes(failing, [['failed', SHARE]]);
    await payouts.service.query('UPDATE payout SET attempt = 3 WHERE id = $1', [failed?.id]);
    await reports([
      {
        kind: 'payout.stuck',
        detail: `The payout has failed several times: account_closed (payout ${failed?.id})`,
      },
    ]);
  });

  test('host.overpaid: a refund that was taken and returned is not earned again', async () => {
    const { bookingId } = await givenPaid();
    // Planted: the refund, its failure, and a second payment of the same amount.
    await payouts.service.query(
      `INSERT INTO movement (key, leg, debit_id, credit_id, currency, amount_minor, booking_id, occurred_at)
       SELECT x.key || $1, 1, host, x.other, 'USD', 5000, $1::uuid, now()
       FROM (SELECT m.credit_id AS host, m.debit_id AS captured FROM movement m JOIN ledger_account a ON a.id = m.credit_id
         WHERE m.booking_id = $1::uuid AND a.code = 'host_payable' LIMIT 1) h
       CROSS JOIN (SELECT m.credit_id AS sent FROM movement m JOIN ledger_account a ON a.id = m.credit_id
         WHERE m.booking_id = $1::uuid AND a.code = 'payout_in_transit' LIMIT 1) t
       CROSS JOIN LATERAL (VALUES ('refund:', captured), ('planted-again:', sent)) AS x (key, other)
       UNION ALL
       SELECT 'refund:' || $1 || ':failed', 1, m.debit_id, m.credit_id, 'USD', 5000, $1::uuid, now()
       FROM movement m JOIN ledger_account a ON a.id = m.credit_id
       WHERE m.booking_id = $1::uuid AND a.code = 'host_payable' AND m.key LIKE 'capture:%'`,
      [bookingId],
    );
    const { differences } = (await payouts.payments.reconcile()) as unknown as { differences: Found[] };
    expect(differences).toContainEqual(
      expect.objectContaining({
        ...{ kind: 'host.overpaid', expectedMinor: SHARE, foundMinor: SHARE + 5_000 },
        detail: expect.stringContaining(bookingId) as unknown as string,
      }),
    );
  });
});
