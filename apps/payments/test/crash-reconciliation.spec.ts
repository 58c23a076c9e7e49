import { testUser } from '@roost/testing';
import type { RunDetailsView } from '../src/reconciliation/reconciliation-run.dto.js';
import { KillablePayments } from './killable-payments.fixture.js';

const PATH = '/v1/admin/reconciliation/runs';

describe('kill -9 during a reconciliation', () => {
  let payments: KillablePayments;
  beforeAll(async () => {
    payments = await KillablePayments.start();
  });
  afterAll(() => payments.stop());

  test('the next process repeats the run, and then another one can start', async () => {
    const admin = testUser({ roles: ['admin'] });
    await payments.arm('payments.reconciling:kill');
    const id = await payments.retry(async (as) => {
      const { status, body } = await as(admin).post<RunDetailsView & { runId?: string }>(PATH, {});
      expect([202, 409]).toContain(status);
      return status === 202 ? body.id : (body.runId ?? '');
    });
    const run = await payments.retry(async (as) => {
      expect(payments.kills).toBe(1);
      // The lease of the killed process would end in a minute.
      await payments.database.query(
        `UPDATE reconciliation_run SET lease_until = now() - interval '1 second' WHERE tries = 1`,
      );
      const { body } = await as(admin).get<RunDetailsView>(`${PATH}/${id}`);
      expect(body.status).toBe('finished');
      return body;
    });
    expect(run).toMatchObject({ balanced: true, differenceCount: 0 });
    await payments.retry(async (as) => expect((await as(admin).post(PATH, {})).status).toBe(202));
  });
});
