import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { AuditLog } from '../audit/audit-log.service.js';
import { RefundAdopter } from '../payment/refund-adopter.service.js';
import { PayoutAdopter } from '../payout/payout-adopter.service.js';
import { Providers } from '../provider/providers.js';

/** Money that a provider has moved for this system, and that the books do not have. */
export interface LostMovement {
  kind: 'transfer' | 'refund';
  provider: string;
  ref: string;
  currency: string;
  amountMinor: number;
  /** The host or the payment. */
  subject: string;
  /** Enters it. Returns why it can't be entered; null if it is. Changes nothing if it was entered meanwhile. */
  adopt(): Promise<string | null>;
}

/**
 * Enters into the books what providers have done for this system after the instant to which its database was restored. The
 * objects at the providers carry the ids that Roost gave to them.
 */
@Injectable()
export class Adoption {
  constructor(
    private readonly transactions: Transactions,
    private readonly providers: Providers,
    private readonly payouts: PayoutAdopter,
    private readonly refunds: RefundAdopter,
    private readonly auditLog: AuditLog,
  ) {}

  async *find(): AsyncIterable<LostMovement> {
    for (const provider of this.providers.all) {
      const { name } = provider;
      for await (const transfer of provider.transfers?.all() ?? []) {
        const lost = await this.payouts.findLost(name, transfer);
        if (!lost) continue;
        const { ref, currency, amountMinor, destination } = transfer;
        const movement = { kind: 'transfer', provider: name, ref, currency, amountMinor } as const;
        yield {
          ...movement,
          subject: lost.account ? `host ${lost.account.hostId}` : `account ${destination}`,
          adopt: () => this.run(movement, null, (em) => this.payouts.adopt(em, lost)),
        };
      }
      for await (const intent of provider.all()) {
        for (const lost of await this.refunds.findLost(provider, intent)) {
          const { ref, amountMinor } = lost.refund;
          const { currency, paymentId } = lost;
          const movement = { kind: 'refund', provider: name, ref, currency, amountMinor } as const;
          yield {
            ...movement,
            subject: `payment ${paymentId}`,
            adopt: () => this.run(movement, paymentId, (em) => this.refunds.adopt(em, lost)),
          };
        }
      }
    }
  }

  private run(
    { kind, provider, ref, currency, amountMinor }: Omit<LostMovement, 'subject' | 'adopt'>,
    paymentId: string | null,
    work: (em: EntityManager) => Promise<string | null>,
  ): Promise<string | null> {
    return this.transactions.run(async (em) => {
      const obstacle = await work(em);
      if (obstacle === null)
        await this.auditLog.record(em, {
          ...{ actor: 'command line', action: 'movement.adopt', paymentId, reason: undefined },
          subject: { type: kind, id: `${provider}/${ref}` },
          details: { currency, amountMinor },
        });
      return obstacle;
    });
  }
}
