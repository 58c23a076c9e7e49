import { type EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { REFUND_REASON } from '@roost/contracts';
import { SystemClock } from '@roost/platform';
import { PaymentOperation } from '../operation/operation.entity.js';
import { closeOperation } from '../operation/operation.queries.js';
import type { PaymentProvider, ProviderIntent, ProviderRefund } from '../provider/provider.port.js';
import { isRestorationOpen } from '../restoration/restoration.queries.js';
import { Payment } from './payment.entity.js';
import { lockPayment } from './payment.queries.js';
import { isKnownRefund } from './restored-refunds.service.js';
import { Refund } from './refund.entity.js';
import { RefundRecorder } from './refund-recorder.service.js';
import { type RefundReason, RefundService } from './refund.service.js';

/** A paid refund of a payment that exists here, without the refund. */
export interface LostRefund {
  refund: ProviderRefund;
  /** All refunds of the payment at the provider. */
  atProvider: readonly ProviderRefund[];
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
    private readonly clock: SystemClock,
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
      .map((refund) => ({ refund, atProvider: found, paymentId: payment.id, currency: payment.currency }));
  }

  /** Returns why it can't be entered; null if it is. */
  async adopt(em: EntityManager, { refund, atProvider, paymentId }: LostRefund): Promise<string | null> {
    await lockPayment(em, paymentId);
    const payment = await em.findOneOrFail(Payment, paymentId);
    const own = await em.find(Refund, { paymentId });
    if (isKnownRefund(refund, own)) return null;
    if (payment.status === 'disputed') return 'the payment is disputed: try again when the bank has decided';
    const reason = reasonOf(refund);
    const repetitions = own.filter((each) => isHeld(each, atProvider) && isSameReason(each, refund));
    const repetition = repetitions.find(({ amountMinor }) => amountMinor === refund.amountMinor);
    if (repetition) return this.finishRepetition(em, payment, repetition, refund.ref);
    // At the end of a booking it is refunded once.
    const release = repetitions.find((each) => each.reason === REFUND_REASON.bookingEnded);
    if (release)
      return `the end of the booking was repeated with a refund of ${release.amountMinor}, which waits: "roost restore accept" pays it as well`;
    if (payment.capturedMinor - payment.refundReservedMinor < refund.amountMinor)
      return 'the capture of the payment is not recorded here yet: try again in a minute';
    const stored = await this.refunds.store(em, payment, {
      cause: await this.causeOf(em, paymentId, reason, refund),
      reason,
      note: 'Entered after a restore from a backup',
      amountMinor: refund.amountMinor,
    });
    await this.recorder.recordPaid(em, payment, stored, refund.ref);
    return null;
  }

  /** The refund was requested again after the restore, and waits. The provider has paid it already. */
  private async finishRepetition(
    em: EntityManager,
    payment: Payment,
    repetition: Refund,
    providerRef: string,
  ): Promise<string | null> {
    // Without an open restoration, the provider may be called at this moment.
    if (!(await isRestorationOpen(em)))
      return 'a refund of the payment is in progress: try again when it has ended';
    const pending = { refundId: repetition.id, status: 'pending' } as const;
    for (const { id } of await em.find(PaymentOperation, pending)) {
      await closeOperation(em, id, null, this.clock.now());
    }
    await this.recorder.recordPaid(em, payment, repetition, providerRef);
    return null;
  }

  private async causeOf(
    em: EntityManager,
    paymentId: string,
    reason: RefundReason,
    { refundId }: ProviderRefund,
  ): Promise<string> {
    if (reason === REFUND_REASON.goodwill) return `admin:${refundId}`;
    // The cancellation, if it was lost, must be repeated; it refunds nothing more.
    const isRelease =
      reason === REFUND_REASON.bookingEnded && !(await this.refunds.isRequested(em, paymentId, 'release'));
    return isRelease ? 'release' : `restored:${refundId}`;
  }
}

/** Pending here, and not at the provider: while a restoration is open, a payment with a lost refund is not refunded. */
const isHeld = ({ id, status, providerRef }: Refund, atProvider: readonly ProviderRefund[]): boolean =>
  status === 'pending' && providerRef === null && !atProvider.some(({ refundId }) => refundId === id);

/** A provider that stores no reason may have paid any of them. */
const isSameReason = (own: Refund, { reason }: ProviderRefund): boolean =>
  reason === null || reason === undefined || own.reason === reason;

/** Without a reason at the provider it counts as goodwill: a later cancellation refunds no more than what remains. */
function reasonOf({ reason }: ProviderRefund): RefundReason {
  return Object.values(REFUND_REASON).find((known) => known === reason) ?? REFUND_REASON.goodwill;
}
