import type { PoolClient } from 'pg';
import type { ApiResponse } from './idempotency.js';
import type { Client } from './intent.queries.js';
import { Rejection } from './rejection.js';
import { type CreateTransfer, toTransferView } from './transfer.dto.js';
import type { TransferPlan } from './transfer-plan.js';
import {
  insertTransfer,
  insertTransferEntry,
  listTransfers,
  lockBalance,
  readTransfer,
  type TransferFilter,
  updateTransfer,
} from './transfer.queries.js';
import { enqueueWebhook } from './webhook.js';

/** Transfers from the platform's balance to the accounts of hosts. Each method runs in its caller's transaction. */
export class TransferService {
  constructor(private readonly plan: TransferPlan) {}

  /** A transfer leaves the balance at once; a failed one returns to it. */
  async create(client: PoolClient, request: CreateTransfer): Promise<ApiResponse> {
    const balance = await lockBalance(client, request.currency);
    if (request.amountMinor > balance) {
      throw new Rejection(409, 'balance_insufficient', 'The amount exceeds the available balance');
    }
    const transfer = await insertTransfer(client, request, this.plan.take());
    const body = toTransferView(transfer);
    if (transfer.status !== 'failed') await insertTransferEntry(client, transfer, 'transfer');
    if (transfer.status !== 'pending') {
      await enqueueWebhook(client, `transfer.${transfer.status}`, { transfer: body });
    }
    return { status: 201, body };
  }

  /** The outcome of a pending transfer, or the return of a paid one. */
  async finish(client: PoolClient, id: string, status: 'paid' | 'failed'): Promise<object> {
    const before = await readTransfer(client, id, 'FOR UPDATE');
    if (before.status === 'failed' || before.status === status) {
      throw new Rejection(409, 'transfer_unexpected_state', `The transfer is ${before.status}`);
    }
    const errorCode = status === 'failed' ? 'account_closed' : null;
    const transfer = await updateTransfer(client, id, { status, errorCode });
    if (status === 'failed') await insertTransferEntry(client, transfer, 'transfer_reversal');
    const body = toTransferView(transfer);
    await enqueueWebhook(client, `transfer.${status}`, { transfer: body });
    return body;
  }

  async get(client: Client, id: string): Promise<object> {
    return toTransferView(await readTransfer(client, id));
  }

  async list(client: Client, filter: TransferFilter): Promise<{ data: object[]; nextAfter: number | null }> {
    const rows = await listTransfers(client, filter);
    const last = rows.at(-1);
    return {
      data: rows.map(toTransferView),
      nextAfter: rows.length === filter.limit && last ? last.seq : null,
    };
  }
}
