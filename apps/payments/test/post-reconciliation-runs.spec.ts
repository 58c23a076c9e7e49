import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import { CONFIG } from '@roost/platform';
import { eventually, expectProblem, testUser } from '@roost/testing';
import { type ProviderIntent, ProviderUnavailable } from '../src/provider/provider.port.js';
import { Providers } from '../src/provider/providers.js';
import { ProviderComparisonService } from '../src/reconciliation/provider-comparison.service.js';
import { difference } from '../src/reconciliation/reconciliation.dto.js';
import { ReconciliationRunService } from '../src/reconciliation/reconciliation-run.service.js';
import { ReconciliationRunner } from '../src/reconciliation/reconciliation-runner.service.js';
import { type PaymentsUnderTest, startPayments } from './payments.fixture.js';
import { ReconciliationRuns } from './reconciliation-runs.fixture.js';

const DAY_MS = 24 * 60 * 60_000;
const PATH = '/v1/admin/reconciliation/runs';

describe('POST /v1/admin/reconciliation/runs', () => {
  let payments: PaymentsUnderTest;
  let runs: ReconciliationRuns;
  beforeAll(async () => {
    payments = await startPayments({
      PAYMENT_CHECK_SECONDS: '3600',
      RECONCILIATION_MINUTES: '10080',
    });
    runs = new ReconciliationRuns(payments);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await runs.ended();
  });
  afterAll(() => payments.close());

  const provider = () => payments.service.get(Providers).of('sandbox');
  const anIntent = (ref: string): ProviderIntent => ({
    ...{ ref, paymentId: null, status: 'captured', amountMinor: 77, currency: 'EUR', authorizedMinor: 77 },
    ...{ capturedMinor: 77, refundedMinor: 0, captureBefore: null, failureCode: null },
    ...{ redirectUrl: null, clientSecret: null },
  });

  /** The list of the provider waits until `open` is called. */
  function closedList() {
    let open: () => void = () => undefined;
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    const listed = provider().all.bind(provider());
    jest.spyOn(provider(), 'all').mockImplementation(async function* (filter) {
      await opened;
      yield* listed(filter);
    });
    return { open };
  }

  test('starts a run, whose result can be read when it has finished', async () => {
    await payments.givenCaptured(testUser());
    const list = closedList();
    const { status, body } = await runs.post();
    expect({ status, body }).toMatchObject({
      status: 202,
      body: { status: 'running', scope: 'full', since: null, finishedAt: null, balanced: null },
    });
    const { body: log } = await payments.service
      .as(payments.admin)
      .get<{ data: object[] }>(`/v1/admin/payments/audit-log?subjectId=${body.id}`);
    expect(log.data).toMatchObject([
      { action: 'reconciliation.start', adminId: payments.admin.id, details: { scope: 'full' } },
    ]);
    list.open();
    await runs.ended();
    expect((await runs.get(body.id)).body).toEqual({
      ...body,
      ...{ status: 'finished', finishedAt: expect.any(String) as string, balanced: true },
      ...{ complete: true, payments: 1, providerPayments: 1, movements: 4 },
    });
    const last = await payments.service.as(payments.admin).get('/v1/admin/reconciliation/last');
    expect(Object.keys(last.body).toSorted()).toEqual(
      [
        ...['id', 'scope', 'since'],
        'startedAt',
        'finishedAt',
        'payments',
        'providerPayments',
        'movements',
        'counts',
        'differences',
      ].toSorted(),
    );
  });

  test('lists the runs newest first, page by page and by scope', async () => {
    const { id: full } = await runs.run('full');
    const { id: recent } = await runs.run('recent');
    const first = await runs.list('?limit=1');
    expect(first.data).toMatchObject([{ id: recent, scope: 'recent', status: 'finished' }]);
    expect(first.data[0]).not.toHaveProperty('differences');
    const second = await runs.list(`?limit=1&cursor=${first.nextCursor}`);
    expect(second.data).toMatchObject([{ id: full }]);
    expect((await runs.list('?scope=full')).data[0]).toMatchObject({ id: full });
    expect((await runs.list('?status=failed')).data).toEqual([]);
    const last = async (query = '') =>
      (await payments.service.as(payments.admin).get(`/v1/admin/reconciliation/last${query}`)).body;
    expect(await last()).toMatchObject({ id: recent, scope: 'recent' });
    expect(await last('?scope=full')).toMatchObject({ id: full, scope: 'full', since: null });
  });

  test('of concurrent requests one starts a run, and the others get its id', async () => {
    const list = closedList();
    const responses = await Promise.all(Array.from({ length: 10 }, () => runs.post()));
    const accepted = responses.filter(({ status }) => status === 202);
    expect(accepted).toHaveLength(1);
    for (const response of responses.filter(({ status }) => status !== 202)) {
      expectProblem(response, 409, 'payment.reconciliation_running');
      expect(response.body).toMatchObject({ runId: accepted[0]?.body.id });
    }
    list.open();
    await runs.ended();
    await runs.run();
  });

  test('a full run and a recent one run at the same time', async () => {
    const list = closedList();
    const full = await runs.post('full');
    const recent = await runs.post('recent');
    expect([full.status, recent.status]).toEqual([202, 202]);
    expect((await runs.post('recent')).body).toMatchObject({ runId: recent.body.id });
    list.open();
    await runs.ended();
    for (const { body } of [full, recent]) {
      expect((await runs.get(body.id)).body).toMatchObject({ status: 'finished', complete: true });
    }
  });

  test('a repeated request with the same key returns the same run', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const { body } = await runs.post('full', key);
    await runs.ended();
    const repeated = await runs.post('full', key);
    expect({ status: repeated.status, id: repeated.body.id }).toEqual({ status: 202, id: body.id });
    expect(repeated.headers.get('idempotent-replayed')).toBe('true');
  });

  test('a run whose comparison fails is failed, and the last result stays', async () => {
    const before = await runs.run();
    jest.spyOn(provider(), 'all').mockImplementation(() => {
      throw new Error('a defect');
    });
    expect(await runs.run()).toMatchObject({ status: 'failed', failureCode: 'error', balanced: null });
    const last = await payments.service.as(payments.admin).get('/v1/admin/reconciliation/last');
    expect(last.body).toMatchObject({ finishedAt: before.finishedAt });
  });

  test('a run whose process ends is repeated, and fails after the third time', async () => {
    const given = (tries: number, lease: string) =>
      payments.service.query<{ id: string }>(
        `INSERT INTO reconciliation_run (status, started_at, tries, lease_until, payments, provider_payments, movements,
           counts, differences)
         VALUES ('running', now(), $1, now() + $2::interval, 0, 0, 0, '{}', '[]') RETURNING run_id AS id`,
        [tries, lease],
      );
    const service = payments.service.get(ReconciliationRunService);
    const [leased] = await given(1, '1 minute');
    await service.resume();
    await payments.service.get(ReconciliationRunner).run(leased!.id);
    expect((await runs.get(leased!.id)).body.status).toBe('running');
    await payments.service.query(`UPDATE reconciliation_run SET lease_until = now() - interval '1 second'`);
    await service.resume();
    await runs.ended();
    expect((await runs.get(leased!.id)).body).toMatchObject({ status: 'finished', balanced: true });

    const [ending] = await given(3, '-1 second');
    await service.resume();
    await runs.ended();
    expect((await runs.get(ending!.id)).body).toMatchObject({ status: 'failed', failureCode: 'interrupted' });

    const [old] = await given(1, '-1 second');
    await payments.service.query(
      `UPDATE reconciliation_run SET started_at = started_at - interval '25 hours' WHERE run_id = $1`,
      [old!.id],
    );
    await service.resume();
    await runs.ended();
    expect((await runs.get(old!.id)).body).toMatchObject({ status: 'failed', failureCode: 'too_long' });
  });

  test('a recent run compares what is in its window, with both clocks at its edge', async () => {
    const [inside, listedOnly, unlisted, old] = [
      await payments.givenCaptured(testUser()),
      await payments.givenCaptured(testUser()),
      await payments.givenCaptured(testUser()),
      await payments.givenCaptured(testUser()),
    ].map(({ payment }) => payment.id) as [string, string, string, string];
    const move = (id: string, interval: string, ref?: string) =>
      payments.service.query(
        `UPDATE payment SET created_at = now() - interval '40 days' + $2::interval,
           provider_ref = coalesce($3, provider_ref) WHERE id = $1`,
        [id, interval, ref ?? null],
      );
    const refs = Object.fromEntries(
      await Promise.all(
        [old, inside].map(async (id) => [id, (await payments.sandbox.intentOf(id)).id] as const),
      ),
    );
    await move(inside, '1 minute', 'pi_unknown_inside');
    await move(old, '-1 minute', 'pi_unknown_old');
    // Created here before the window, and in it by the clock of the provider.
    await move(listedOnly, '-1 minute');
    // Created here in the window, and before the list by the clock of the provider.
    await move(unlisted, '1 minute');
    const filters: (Date | null | undefined)[] = [];
    const listed = provider().all.bind(provider());
    const known = Object.values(refs);
    jest.spyOn(provider(), 'all').mockImplementation(async function* (filter) {
      filters.push(filter?.createdSince);
      for await (const intent of listed(filter)) {
        if (intent.paymentId !== unlisted && !known.includes(intent.ref)) yield intent;
      }
    });
    const missing = ({ differences }: Awaited<ReturnType<typeof runs.run>>) =>
      differences
        .filter(({ kind }) => kind.startsWith('provider.'))
        .map(({ kind, paymentId }) => [kind, paymentId]);
    const recent = await runs.run('recent');
    expect(missing(recent)).toEqual([['provider.missing_payment', inside]]);
    const since = Date.parse(recent.startedAt) - 40 * DAY_MS;
    expect(recent.since).toBe(new Date(since).toISOString());
    expect(filters).toEqual([new Date(since - DAY_MS)]);
    const full = missing(await runs.run('full'));
    expect(new Set(full.map(([, id]) => id))).toEqual(new Set([inside, old]));
    expect(filters[1]).toBeNull();
    for (const id of [inside, old]) await move(id, '1 hour', refs[id]);
    await move(listedOnly, '1 hour');
  });

  test('the provider lists what was created since an instant', async () => {
    const { payment } = await payments.givenCaptured(testUser());
    const listed = async (days: number) => {
      const createdSince = new Date(Date.now() - days * DAY_MS);
      const intents = await Array.fromAsync(provider().all({ createdSince }));
      expect(await Array.fromAsync(provider().transfers!.all({ createdSince }))).toEqual([]);
      return intents.some(({ paymentId }) => paymentId === payment.id);
    };
    expect([await listed(1), await listed(-1)]).toEqual([true, false]);
  });

  test('keeps what it found at a provider that does not answer any more', async () => {
    jest.spyOn(provider(), 'find').mockImplementation((ref) => Promise.resolve(anIntent(ref)));
    jest.spyOn(provider(), 'all').mockImplementation(async function* () {
      for (let n = 0; n < 100; n += 1) yield anIntent(`pi_stray_${n}`);
      await Promise.reject(new ProviderUnavailable('no answer'));
    });
    expect(await runs.run()).toMatchObject({
      ...{ status: 'finished', complete: false, providerPayments: 100 },
      counts: { 'provider.unknown_payment': 100, 'provider.unreachable': 1 },
    });
  });

  test('repeats the reading of a page without an answer', async () => {
    await payments.sandbox.faults({ route: 'any', kind: 'fail', times: 5 });
    expect(await runs.run()).toMatchObject({ complete: true, counts: {} });
  });

  test('stores and returns the first 1,000 differences, and counts all', async () => {
    const differences = Array.from({ length: 1_003 }, (_, n) =>
      difference('provider.unknown_payment', 'Unknown', { providerRef: `pi_unknown_${n}` }),
    );
    const comparison = payments.service.get(ProviderComparisonService);
    jest.spyOn(comparison, 'compare').mockImplementation(async function* () {
      yield* differences;
    });
    const run = await runs.run();
    expect(run).toMatchObject({ counts: { 'provider.unknown_payment': 1_003 }, differenceCount: 1_003 });
    expect([run.differences.length, run.moreDifferences]).toEqual([1_000, 3]);
    const now = await payments.reconcile();
    expect([now.differences.length, now.moreDifferences]).toEqual([1_000, 3]);
  });

  test('stops a comparison that finds nothing but differences, and says so', async () => {
    let isEnded = false;
    const comparison = payments.service.get(ProviderComparisonService);
    jest.spyOn(comparison, 'compare').mockImplementation(async function* () {
      try {
        for (;;) yield difference('provider.unknown_payment', 'Unknown');
      } finally {
        isEnded = true;
      }
    });
    expect(await runs.run()).toMatchObject({
      ...{ status: 'finished', complete: false },
      counts: { 'provider.unknown_payment': 10_000, 'provider.comparison_stopped': 1 },
    });
    expect(isEnded).toBe(true);
  });

  test('GET /v1/admin/reconciliation ends the comparison after RECONCILIATION_ANSWER_SECONDS and names the run', async () => {
    const config = payments.service.get<{ RECONCILIATION_ANSWER_SECONDS: number }>(CONFIG);
    config.RECONCILIATION_ANSWER_SECONDS = 0.2;
    let isListing = false;
    jest.spyOn(provider(), 'all').mockImplementation(async function* () {
      isListing = true;
      try {
        for (let n = 0; ; n += 1) {
          await new Promise(setImmediate);
          yield { ...anIntent(`pi_unpaid_${n}`), authorizedMinor: 0, capturedMinor: 0, status: 'open' };
        }
      } finally {
        isListing = false;
      }
    });
    const response = await payments.service.as(payments.admin).get('/v1/admin/reconciliation');
    expectProblem(response, 503, 'payment.reconciliation_too_long');
    expect(response.body.detail).toContain('POST /v1/admin/reconciliation/runs');
    expect(response.headers.get('retry-after')).toBe('300');
    await eventually(() => expect(isListing).toBe(false));
    config.RECONCILIATION_ANSWER_SECONDS = 20;
  });

  test('GET /v1/admin/reconciliation compares for one request at a time', async () => {
    const list = closedList();
    const now = () => payments.service.as(payments.admin).get('/v1/admin/reconciliation');
    const requests = [now(), now()];
    expectProblem(await Promise.race(requests), 409, 'payment.reconciliation_running');
    list.open();
    expect((await Promise.all(requests)).map(({ status }) => status).toSorted()).toEqual([200, 409]);
    expect((await now()).status).toBe(200);
  });

  test('refuses a wrong scope, an unknown id, and everyone but administrators', async () => {
    const { service, admin } = payments;
    expectProblem(await service.as(admin).post(PATH, { scope: 'all' }), 400, 'request.invalid');
    expectProblem(await runs.get(randomUUID()), 404, 'payment.reconciliation_not_found');
    const host = service.as(testUser({ roles: ['host'] }));
    for (const response of [
      await host.post(PATH, {}),
      await host.get(PATH),
      await host.get(`${PATH}/${randomUUID()}`),
    ])
      expectProblem(response, 403, 'auth.forbidden');
    expectProblem(await service.anonymous.post(PATH, {}), 401, 'auth.missing_token');
  });

  test('a stop leaves a run to the next process at once', async () => {
    const list = closedList();
    const { body } = await runs.post();
    const row = async () =>
      (
        await payments.service.query<{ tries: number; leased: boolean; status: string }>(
          'SELECT tries, lease_until IS NOT NULL AS leased, status FROM reconciliation_run WHERE run_id = $1',
          [body.id],
        )
      )[0];
    await eventually(async () => expect(await row()).toMatchObject({ leased: true }));
    await payments.service.get(ReconciliationRunner).onModuleDestroy();
    expect(await row()).toEqual({ tries: 0, leased: false, status: 'running' });
    list.open();
    await payments.service.query('DELETE FROM reconciliation_run WHERE run_id = $1', [body.id]);
  });
});
