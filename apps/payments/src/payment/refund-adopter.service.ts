import { type EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { REFUND_REASON } from '@roost/contracts';
import type { PaymentProvider, ProviderIntent, ProviderRefund } from '../provider/provider.port.js';
import { Payment } from './payment.entity.js';
import { lockPayment } from './payment.queries.js';
import { isKnownRefund } from './restored-refunds.service.js';
import { Refund } from './refund.entity.js';
import { RefundRecorder } from './refund-recorder.service.js';
import { type RefundReason, RefundService } from './refund.service.js';

/** A paid refund of a payment that exists here, without the refund. */
export interface LostRefund {
  refund: ProviderRefund;
  paymentId: string;
  currency: string;
}

/** Enters refunds that were lost in a restore from a backup: a guest who cancels again would otherwise get them twice. */
@Injectable()
export class RefundAdopter {
  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly refunds: RefundService,
    private readonly recorder: RefundRecorder,
  ) {}

  async findLost(provider: PaymentProvider, { ref, refundedMinor }: ProviderIntent): Promise<LostRefund[]> {
    if (refundedMinor === 0) return [];
    const em = this.orm.em.fork();
    const payment = await em.findOne(Payment, { provider: provider.name, providerRef: ref });
    if (!payment || payment.refundedMinor - payment.refundedOutOfBandMinor >= refundedMinor) return [];
    const own = await em.find(Refund, { paymentId: payment.id });
    const found = await provider.refunds(ref);
    return found
      .filter((refund) => refund.refundId !== null && refund.status === 'succeeded')
      .filter((refund) => !isKnownRefund(refund, own))
      .map((refund) => ({ refund, paymentId: payment.id, currency: payment.currency }));
  }

  /** Returns why it can't be entered; null if it is. */
  async adopt(em: EntityManager, { refund, paymentId }: LostRefund): Promise<string | null> {
    await lockPayment(em, paymentId);
    const payment = await em.findOneOrFail(Payment, paymentId);
    const own = await em.find(Refund, { paymentId });
    if (isKnownRefund(refund, own)) return null;
    if (payment.status === 'disputed') return 'the payment is disputed: try again when the bank has decided';
    if (payment.capturedMinor - payment.refundReservedMinor < refund.amountMinor)
      return 'the capture of the payment is not recorded here yet: try again in a minute';
    const reason = reasonOf(refund);
    const isRelease =
      reason === REFUND_REASON.bookingEnded && !(await this.refunds.isRequested(em, paymentId, 'release'));
    const stored = await this.refunds.store(em, payment, {
      // At the end of a booking it is refunded once: its cancellation, if it was lost, must be repeated.
      cause: isRelease ? 'release' : `restored:${refund.refundId}`,
      reason,
      note: 'Entered after a restore from a backup',
      amountMinor: refund.amountMinor,
    });
    await this.recorder.recordPaid(em, payment, stored, refund.ref);
    return null;
  }
}

/** Without a reason at the provider it counts as goodwill: a later cancellation refunds no more than what remains. */
function reasonOf({ reason }: ProviderRefund): RefundReason {
  return Object.values(REFUND_REASON).find((known) => known === reason) ?? REFUND_REASON.goodwill;
}
