import { createHmac, randomUUID } from 'node:crypto';
import { eventually } from '@roost/testing';
import type { PaymentsUnderTest } from './payments.fixture.js';
import { WEBHOOK_SECRET } from './sandbox.fixture.js';

interface StoredWebhook extends Record<string, unknown> {
  outcome: string | null;
  park_reason: string | null;
  tries: number;
}

/** Sends a webhook of the sandbox with a valid signature; returns its id. */
export async function sendWebhook(
  { service }: PaymentsUnderTest,
  type: string,
  data: object,
  options: { id?: string; account?: string } = {},
): Promise<string> {
  const { id = `evt_${randomUUID()}`, account = 'acct_sandbox' } = options;
  const raw = JSON.stringify({ id, type, account, createdAt: new Date().toISOString(), data });
  const t = Math.floor(Date.now() / 1000);
  const v1 = createHmac('sha256', WEBHOOK_SECRET).update(`${t}.${raw}`).digest('hex');
  const headers = { 'sandbox-signature': `t=${t},v1=${v1}` };
  const response = await service.anonymous.post('/v1/webhooks/sandbox', raw, headers);
  expect(response.status).toBe(200);
  return id;
}

export async function storedWebhook({ service }: PaymentsUnderTest, id: string): Promise<StoredWebhook> {
  const [row] = await service.query<StoredWebhook>(
    'SELECT outcome, park_reason, tries FROM webhook_event WHERE id = $1',
    [id],
  );
  if (!row) throw new Error(`There is no webhook ${id}`);
  return row;
}

/** Waits until the webhook has this outcome. */
export function webhookBecomes(payments: PaymentsUnderTest, id: string, outcome: string, reason?: string) {
  return eventually(async () =>
    expect(await storedWebhook(payments, id)).toMatchObject({ outcome, park_reason: reason ?? null }),
  );
}
