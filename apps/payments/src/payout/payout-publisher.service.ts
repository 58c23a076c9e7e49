import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import { Outbox } from '@roost/messaging';
import { linesOf, type Payout } from './payout.queries.js';

type PublishedPayout = Pick<Payout, 'id' | 'hostId' | 'currency' | 'amountMinor' | 'dueAt' | 'version'>;
const FALLBACK_CODE = 'transfer_failed';
const CODE = /^[a-z0-9]+([._-][a-z0-9]+)*$/;

/** A failure code for events and answers. A code of a provider that is not one word of ours is replaced. */
export const publicCode = (code: string | null): string =>
  code !== null && code.length <= 100 && CODE.test(code) ? code : FALLBACK_CODE;

/** Publishes the events of payouts. */
@Injectable()
export class PayoutPublisher {
  constructor(private readonly outbox: Outbox) {}

  async publish(
    em: EntityManager,
    payout: PublishedPayout,
    type: 'payout.scheduled' | 'payout.paid',
  ): Promise<void> {
    await this.outbox.add(em, type, await this.body(em, payout), { version: payout.version });
  }

  async publishFailed(
    em: EntityManager,
    payout: PublishedPayout & Pick<Payout, 'attempt'>,
    code: string,
  ): Promise<void> {
    const body = { ...(await this.body(em, payout)), code, attempt: payout.attempt };
    await this.outbox.add(em, 'payout.failed', body, { version: payout.version });
  }

  private async body(em: EntityManager, payout: PublishedPayout): Promise<EventBody<'payout.scheduled'>> {
    const lines = await linesOf(em, [payout.id]);
    return {
      payoutId: payout.id,
      hostId: payout.hostId,
      currency: payout.currency,
      amountMinor: payout.amountMinor,
      bookingIds: lines.map(({ bookingId }) => bookingId),
      dueAt: payout.dueAt.toISOString(),
    };
  }
}
