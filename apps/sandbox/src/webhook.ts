import { createHmac, randomUUID } from 'node:crypto';
import type { PoolClient } from 'pg';
import { callerTraceparent } from './caller-trace.js';
import { readSwitches } from './switches.queries.js';
import { insertWebhook } from './webhook.queries.js';

/** The provider has one account. */
const ACCOUNT = 'acct_sandbox';

export type WebhookType =
  | 'intent.requires_action'
  | 'intent.authorized'
  | 'intent.captured'
  | 'intent.failed'
  | 'intent.canceled'
  | 'refund.succeeded'
  | 'refund.failed'
  | 'dispute.created'
  | 'dispute.updated'
  | 'dispute.won'
  | 'dispute.lost'
  | 'transfer.paid'
  | 'transfer.failed';

/** Stores a webhook in the transaction of its cause. The switches determine its delivery. */
export async function enqueueWebhook(client: PoolClient, type: WebhookType, data: object): Promise<void> {
  const id = `evt_${randomUUID().replaceAll('-', '')}`;
  const switches = await readSwitches(client);
  await insertWebhook(client, {
    id,
    type,
    payload: JSON.stringify({ id, type, account: ACCOUNT, createdAt: new Date().toISOString(), data }),
    copies: 1 + Math.floor(Math.random() * switches.copies),
    lost: Math.random() < switches.drop,
    delayMs: switches.delayMs + Math.floor(Math.random() * switches.shuffleMs),
    traceparent: callerTraceparent(),
  });
}

/** The value of the header `sandbox-signature`. */
export function sign(payload: string, secret: string, at: Date): string {
  const t = Math.floor(at.getTime() / 1000);
  return `t=${t},v1=${createHmac('sha256', secret).update(`${t}.${payload}`).digest('hex')}`;
}
