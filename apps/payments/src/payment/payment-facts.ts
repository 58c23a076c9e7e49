import type { PaymentFacts } from './domain/payment-state.js';
import type { Payment } from './payment.entity.js';

export const factsOf = (payment: Payment): PaymentFacts => ({
  status: payment.status,
  amountMinor: payment.amountMinor,
  authorizedMinor: payment.authorizedMinor,
  capturedMinor: payment.capturedMinor,
  refundedMinor: payment.refundedMinor,
  refundReservedMinor: payment.refundReservedMinor,
  disputeLostMinor: payment.disputeLostMinor,
  disputeOffsetMinor: payment.disputeOffsetMinor,
  goal: payment.goal,
  releaseMinor: payment.releaseMinor,
  existsAtProvider: payment.providerRef !== null,
});
