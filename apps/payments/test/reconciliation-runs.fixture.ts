import { eventually, type TestResponse } from '@roost/testing';
import type { RunDetailsView, RunSummaryView } from '../src/reconciliation/reconciliation-run.dto.js';
import type { PaymentsUnderTest } from './payments.fixture.js';

const PATH = '/v1/admin/reconciliation/runs';

/** The runs of the reconciliation, as an administrator uses them. */
export class ReconciliationRuns {
  constructor(private readonly payments: PaymentsUnderTest) {}

  post(
    scope: 'full' | 'recent' = 'full',
    headers?: Record<string, string>,
  ): Promise<TestResponse<RunDetailsView>> {
    return this.admin.post<RunDetailsView>(PATH, { scope }, headers);
  }

  get(id: string): Promise<TestResponse<RunDetailsView>> {
    return this.admin.get<RunDetailsView>(`${PATH}/${id}`);
  }

  async list(query = ''): Promise<{ data: RunSummaryView[]; nextCursor: string | null }> {
    const response = await this.admin.get<{ data: RunSummaryView[]; nextCursor: string | null }>(
      PATH + query,
    );
    expect(response.status).toBe(200);
    return response.body;
  }

  /** Starts a run and waits for its end. */
  async run(scope: 'full' | 'recent' = 'full'): Promise<RunDetailsView> {
    const { status, body } = await this.post(scope);
    expect(status).toBe(202);
    await this.ended();
    return (await this.get(body.id)).body;
  }

  /** Waits until no run is running. */
  ended() {
    return eventually(async () => expect((await this.list('?status=running')).data).toEqual([]), {
      seconds: 20,
    });
  }

  private get admin() {
    return this.payments.service.as(this.payments.admin);
  }
}
