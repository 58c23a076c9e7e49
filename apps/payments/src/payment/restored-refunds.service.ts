import { MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { type ProviderRefund, ProviderUnavailable } from '../provider/provider.port.js';
import { isRestorationOpen } from '../restoration/restoration.queries.js';
import { Refund } from './refund.entity.js';

/**
 * After a restore from a backup, a refund may be paid and lost here: a guest who cancels once more would be refunded twice.
 * Until the reconciliation finds no difference, a payment with such a refund is not refunded.
 */
@Injectable()
export class RestoredRefunds {
  constructor(@Inject(MikroORM) private readonly orm: MikroORM) {}

  isActive(): Promise<boolean> {
    return isRestorationOpen(this.orm.em.fork());
  }

  /** Throws if the provider has a refund that does not exist here: the call waits, and is repeated. */
  async requireKnown(paymentId: string, found: readonly ProviderRefund[]): Promise<void> {
    const own = await this.orm.em.fork().find(Refund, { paymentId });
    const lost = found.find((refund) => isLostRefund(refund, own));
    if (lost) {
      throw new ProviderUnavailable(
        `The provider has the refund ${lost.ref}, which the restored database does not have: run "roost reconcile adopt"`,
      );
    }
  }
}

/** Whether a refund at the provider is one of `own`. */
export const isKnownRefund = ({ ref, refundId }: ProviderRefund, own: readonly Refund[]): boolean =>
  own.some(({ id, providerRef }) => providerRef === ref || id === refundId);

/** Whether a refund at the provider moves money and is none of `own`. */
export const isLostRefund = (refund: ProviderRefund, own: readonly Refund[]): boolean =>
  refund.status !== 'failed' && !isKnownRefund(refund, own);
