import { MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import type { Actor } from '@roost/audit';
import type { PageOf } from '@roost/http';
import { Transactions } from '@roost/messaging';
import { Problem } from '@roost/platform';
import { AuditLog } from '../audit/audit-log.service.js';
import { ProviderRejection, ProviderUnavailable } from '../provider/provider.port.js';
import { Providers } from '../provider/providers.js';
import type { WebhooksQuery, WebhookView } from './webhook-admin.dto.js';
import { dismissWebhook, findWebhook, listWebhooks, reopenWebhook } from './webhook-admin.queries.js';
import { claimWebhook, type WebhookKey } from './webhook.queries.js';
import { WebhookService } from './webhook.service.js';

interface AdminRequest {
  actor: Actor;
  reason: string;
}

/** The stored webhooks, for operators. */
@Injectable()
export class WebhookAdminService {
  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly transactions: Transactions,
    private readonly webhooks: WebhookService,
    private readonly providers: Providers,
    private readonly auditLog: AuditLog,
  ) {}

  list(query: WebhooksQuery): Promise<PageOf<WebhookView>> {
    return listWebhooks(this.orm.em.fork(), query);
  }

  async find(key: WebhookKey): Promise<WebhookView> {
    const webhook = await findWebhook(this.orm.em.fork(), key);
    if (!webhook) throw new Problem('webhook.not_found');
    return webhook;
  }

  /**
   * Handles a webhook as if it had just arrived. What was applied already has no second effect. Without an answer of the
   * provider it stays due, and the sweeper retries it.
   */
  async replay(key: WebhookKey, { actor, reason }: AdminRequest): Promise<WebhookView> {
    if (!this.providers.all.some(({ name }) => name === key.provider)) {
      await this.find(key);
      throw new Problem('payment.provider_unavailable');
    }
    const claimed = await this.transactions.run(async (em) => {
      const before = await findWebhook(em, key);
      const webhook = await reopenWebhook(em, key);
      if (!webhook) throw new Problem('webhook.not_found');
      await this.auditLog.record(em, {
        ...{ actor, reason, action: 'webhook.replay', subject: subjectOf(key), paymentId: webhook.paymentId },
        details: { previousOutcome: before?.outcome ?? null },
      });
      // Here: the sweeper could claim it after the commit, and the response would come before the outcome.
      return claimWebhook(em, key);
    });
    try {
      if (claimed) await this.webhooks.handleClaimed(key, claimed);
    } catch (error) {
      if (!(error instanceof ProviderUnavailable || error instanceof ProviderRejection)) throw error;
    }
    return this.find(key);
  }

  /** Closes a parked webhook that must never be applied. */
  async dismiss(key: WebhookKey, { actor, reason }: AdminRequest): Promise<WebhookView> {
    return this.transactions.run(async (em) => {
      const webhook = await dismissWebhook(em, key);
      if (!webhook)
        throw new Problem((await findWebhook(em, key)) ? 'webhook.not_parked' : 'webhook.not_found');
      await this.auditLog.record(em, {
        ...{
          actor,
          reason,
          action: 'webhook.dismiss',
          subject: subjectOf(key),
          paymentId: webhook.paymentId,
        },
        details: { parkReason: webhook.parkReason },
      });
      return webhook;
    });
  }
}

const subjectOf = ({ provider, id }: WebhookKey) => ({ type: 'webhook' as const, id: `${provider}/${id}` });
