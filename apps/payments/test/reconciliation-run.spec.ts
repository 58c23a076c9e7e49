import { eventually, expectProblem, testUser } from '@roost/testing';
import { ReconciliationRuns } from './reconciliation-runs.fixture.js';
import { ReconciliationJobs } from '../src/reconciliation/reconciliation.jobs.js';
import { ReconciliationRunService } from '../src/reconciliation/reconciliation-run.service.js';
import { type PaymentsUnderTest, startPayments } from './payments.fixture.js';

describe('the regular reconciliation', () => {
  let payments: PaymentsUnderTest;
  let started: ReconciliationRuns;
  beforeAll(async () => {
    payments = await startPayments({ PAYMENT_CHECK_SECONDS: '3600', RECONCILIATION_MINUTES: '60' });
    started = new ReconciliationRuns(payments);
    // The sweep of each minute would start runs between the steps of a test.
    const none = () => Promise.resolve();
    Reflect.set(payments.service.get(ReconciliationJobs), 'runs', { resume: none, runIfDue: none });
  });
  afterAll(() => payments.close());

  const runs = () => payments.service.get(ReconciliationRunService);
  const storedRuns = async () =>
    (await payments.service.query<{ n: number }>('SELECT count(*)::int AS n FROM reconciliation_run'))[0]?.n;
  const last = () => payments.service.as(payments.admin).get('/v1/admin/reconciliation/last');
  const metric = async (name: string, label = '') => {
    const response = await fetch(`${payments.service.url}/metrics`);
    const lines = (await response.text()).split('\n');
    const line = lines.find((each) => each.startsWith(`${name}{`) && each.includes(label));
    return Number(line?.split(' ').at(-1));
  };
  const differing = () =>
    metric('roost_payments_reconciliation_differences', 'kind="ledger.payment_differs"');
  /** Moves the last run into the past. */
  const age = (minutes: number) =>
    payments.service.query(
      `UPDATE reconciliation_run SET finished_at = finished_at - $1 * interval '1 minute'`,
      [minutes],
    );

  test('404 before the first run', async () => {
    expectProblem(await last(), 404, 'payment.reconciliation_not_run');
  });

  test('does not run right after the start', async () => {
    await runs().runIfDue();
    expect(await storedRuns()).toBe(0);
  });

  test('stores its result, which the route and the metrics show', async () => {
    const { payment } = await payments.givenCaptured(testUser());
    await payments.webhooksHandled();
    await started.run();
    expect(await last()).toMatchObject({
      status: 200,
      body: { payments: 1, providerPayments: 1, movements: 4, counts: {}, differences: [] },
    });
    expect(await differing()).toBe(0);
    expect(await metric('roost_payments_reconciliation_age_seconds')).toBeLessThan(60);
    await payments.service.query('UPDATE payment SET captured_minor = captured_minor - 1 WHERE id = $1', [
      payment.id,
    ]);
    await started.run();
    expect((await last()).body).toMatchObject({
      counts: { 'ledger.payment_differs': 1, 'paper.missing': 1, 'provider.amount_differs': 1 },
      differences: [{ paymentId: payment.id }, { paymentId: payment.id }, { paymentId: payment.id }],
    });
    expect(await differing()).toBe(1);
    await payments.service.query('UPDATE payment SET captured_minor = captured_minor + 1 WHERE id = $1', [
      payment.id,
    ]);
  });

  test('runs again after its interval', async () => {
    const before = await storedRuns();
    await age(59);
    await runs().runIfDue();
    expect(await storedRuns()).toBe(before);
    await age(1);
    expect(await metric('roost_payments_reconciliation_age_seconds')).toBeGreaterThanOrEqual(3_600);
    await runs().runIfDue();
    expect(await storedRuns()).toBe((before ?? 0) + 1);
    await started.ended();
  });

  test('reads only the recent history at the providers, and all of it once a day', async () => {
    const next = async () => {
      await age(60);
      await runs().runIfDue();
      await started.ended();
      return (await started.list()).data[0]?.scope;
    };
    expect(await next()).toBe('recent');
    await payments.service.query(
      `UPDATE reconciliation_run SET started_at = started_at - interval '24 hours' WHERE scope = 'full'`,
    );
    expect(await metric('roost_payments_reconciliation_full_age_seconds')).toBeLessThan(24 * 3_600);
    expect(await next()).toBe('full');
    expect(await next()).toBe('recent');
  });

  test('a difference in the old history stays in the metric until the next full run', async () => {
    const { payment } = await payments.givenCaptured(testUser());
    await payments.webhooksHandled();
    const change = (ref: string | null, days: number) =>
      payments.service.query(
        `UPDATE payment SET provider_ref = $2, created_at = created_at - $3 * interval '1 day' WHERE id = $1`,
        [payment.id, ref, days],
      );
    const missing = () =>
      metric('roost_payments_reconciliation_differences', 'kind="provider.missing_payment"');
    const { id: ref } = await payments.sandbox.intentOf(payment.id);
    await change('pi_unknown', 41);
    await started.run('full');
    expect((await started.run('recent')).counts).not.toHaveProperty(['provider.missing_payment']);
    expect(await missing()).toBe(1);
    await change(ref, -41);
    await started.run('full');
    expect(await missing()).toBe(0);
  });

  test('a full run without an answer of a provider does not count as one', async () => {
    const { payment } = await payments.givenCaptured(testUser());
    await payments.webhooksHandled();
    const { id: ref } = await payments.sandbox.intentOf(payment.id);
    const change = (to: string | null) =>
      payments.service.query('UPDATE payment SET provider_ref = $2 WHERE id = $1', [payment.id, to]);
    const missing = () =>
      metric('roost_payments_reconciliation_differences', 'kind="provider.missing_payment"');
    await change('pi_unknown');
    expect((await started.run('full')).complete).toBe(true);
    await payments.service.query(
      `UPDATE reconciliation_run SET started_at = started_at - interval '25 hours',
         finished_at = finished_at - interval '25 hours'`,
    );
    await payments.sandbox.faults({ route: 'any', kind: 'fail', times: 1_000 });
    expect(await started.run('full')).toMatchObject({ status: 'finished', complete: false });
    await payments.sandbox.faults();
    expect(await missing()).toBe(1);
    expect(await metric('roost_payments_reconciliation_full_age_seconds')).toBeGreaterThanOrEqual(25 * 3_600);
    await change(ref);
    await age(60);
    await runs().runIfDue();
    await started.ended();
    expect((await started.list()).data[0]).toMatchObject({ scope: 'full', complete: true });
    expect(await missing()).toBe(0);
  });

  test('a provider that does not answer is a difference, and the other checks are stored', async () => {
    const { payment } = await payments.givenCaptured(testUser());
    await payments.webhooksHandled();
    const change = (amount: number) =>
      payments.service.query('UPDATE payment SET captured_minor = captured_minor + $2 WHERE id = $1', [
        payment.id,
        amount,
      ]);
    await change(-1);
    const before = await storedRuns();
    await payments.sandbox.faults({ route: 'any', kind: 'fail', times: 1_000 });
    const counts = { 'provider.unreachable': 3, 'ledger.payment_differs': 1 };
    expect((await started.run()).counts).toMatchObject(counts);
    expect(await storedRuns()).toBe((before ?? 0) + 1);
    expect((await payments.reconcile()).differences.map(({ kind }) => kind)).toContain(
      'provider.unreachable',
    );
    await payments.sandbox.faults();
    await change(1);
    expect((await started.run()).counts).toEqual({});
  });

  describe('when a full run is due', () => {
    const given = (status: 'failed' | 'running') =>
      payments.service.query(
        `INSERT INTO reconciliation_run (status, scope, started_at, finished_at, failure_code, lease_until, payments,
           provider_payments, movements, counts, differences)
         VALUES ($1, 'full', now() - interval '2 hours', CASE $1 WHEN 'failed' THEN now() END,
           CASE $1 WHEN 'failed' THEN 'error' END, now() + interval '1 hour', 0, 0, 0, '{}', '[]')`,
        [status],
      );
    const next = async () => {
      await runs().runIfDue();
      return eventually(async () => {
        const [run] = (await started.list('?status=finished')).data;
        expect((await started.list()).data[0]).toMatchObject({ id: run?.id });
        return run?.scope;
      });
    };
    beforeEach(async () => {
      await started.run('full');
      await started.run('recent');
      await payments.service.query(
        `UPDATE reconciliation_run SET started_at = started_at - interval '25 hours',
           finished_at = finished_at - interval '25 hours'`,
      );
    });

    test('one that has just failed is repeated after the interval, and delays no recent one', async () => {
      await given('failed');
      expect(await next()).toBe('recent');
      const before = await storedRuns();
      await runs().runIfDue();
      expect(await storedRuns()).toBe(before);
    });

    test('a recent one that was started by hand does not delay it', async () => {
      await started.run('recent');
      expect(await next()).toBe('full');
    });

    test('one that runs for longer than the interval delays no recent one', async () => {
      await given('running');
      expect(await next()).toBe('recent');
      await payments.service.query(`DELETE FROM reconciliation_run WHERE status = 'running'`);
    });
  });

  test('keeps the newest 500 runs, however their ids are, and the last complete full one', async () => {
    const full = await started.run('full');
    await payments.service.query(
      `INSERT INTO reconciliation_run (status, scope, since, started_at, finished_at, complete, payments, provider_payments,
         movements, counts, differences)
       SELECT 'finished', 'recent', now(), now(), now(), true, 0, 0, 0, '{}', '[]' FROM generate_series(1, 510)`,
    );
    await payments.service.query(
      `SELECT setval(pg_get_serial_sequence('reconciliation_run', 'id'), max(id) + 1000) FROM reconciliation_run`,
    );
    const { id } = await started.run('recent');
    expect((await started.list()).data[0]).toMatchObject({ id });
    expect(await storedRuns()).toBe(501);
    expect((await started.get(full.id)).body).toMatchObject({ complete: true });
    for (let n = 0; n < 2; n += 1) await started.run('full');
    expect(await storedRuns()).toBe(500);
  });

  test('401 without a token, 403 without the admin role', async () => {
    const path = '/v1/admin/reconciliation/last';
    expectProblem(await payments.service.anonymous.get(path), 401, 'auth.missing_token');
    expectProblem(await payments.service.as(testUser()).get(path), 403, 'auth.forbidden');
  });
});
