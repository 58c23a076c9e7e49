import type { MailDraft } from '../../mail/language/language.js';
import { guestOf, moneyRow, OPEN_BOOKING, payoutRow, REFUND_TIME, stayRows } from './en-details.js';
import type { MailContext } from './language.js';

export const paymentFailed = (context: MailContext<'payment-failed'>): MailDraft => ({
  subject: `Your payment for ${context.title} failed`,
  paragraphs: [
    context.facts.purpose === 'change'
      ? 'The payment for the change of your booking could not be completed. You were not charged, and the booking does not change.'
      : 'The payment for your booking could not be completed. You were not charged.',
  ],
  details: [
    ...stayRows(context),
    ['Amount', context.format.money(context.facts.amountMinor, context.facts.currency)],
  ],
  action: context.facts.purpose === 'change' ? OPEN_BOOKING : 'Open the listing',
  closing:
    context.facts.purpose === 'change'
      ? []
      : ['The dates are not held for you without a payment. You can book again.'],
});

export function paymentRefunded(context: MailContext<'payment-refunded'>): MailDraft {
  const { amountMinor, reason, repeated = false, paidOutOfBand = false } = context.facts;
  const cause = {
    'booking-ended': 'because the booking has ended',
    'booking-changed': 'because the changed booking costs less',
    admin: 'by Roost',
  }[reason];
  const sentAgain = paidOutOfBand ? 'We pay it to you another way.' : 'We have sent it again.';
  const way = paidOutOfBand
    ? 'The amount can no longer be returned to the payment method that you paid with, so you receive it another way, as agreed with you.'
    : 'The amount is returned to the payment method that you paid with.';
  return {
    subject: `Your refund for ${context.title}`,
    paragraphs: [
      ...(repeated ? [`Your bank had returned this refund to us. ${sentAgain}`] : []),
      `A part or all of your payment for this booking was refunded ${cause}. ${way}`,
    ],
    details: [...stayRows(context), moneyRow(context, 'Refund', amountMinor)],
    action: OPEN_BOOKING,
    closing: [REFUND_TIME],
  };
}

export const paymentDisputed = (context: MailContext<'payment-disputed'>): MailDraft => ({
  subject: `A payment for ${context.title} is disputed`,
  paragraphs: [
    `The bank of ${guestOf(context)} disputes a payment for this stay. The bank has withdrawn the amount until it has decided.`,
    'Payouts for this booking are on hold until then. The booking itself does not change.',
  ],
  details: [...stayRows(context), payoutRow(context)],
  action: OPEN_BOOKING,
  closing: ['Keep your messages and other proof of the stay. Roost may ask you for them.'],
});

export function disputeClosed(context: MailContext<'dispute-closed'>): MailDraft {
  const isWon = context.facts.outcome === 'won';
  return {
    subject: `The dispute about ${context.title} is ${isWon ? 'won' : 'lost'}`,
    paragraphs: [
      isWon
        ? 'The bank has returned the amount. Payouts for this booking are no longer on hold.'
        : 'The bank has returned the disputed amount to the guest. Your share of it is deducted from your payouts.',
    ],
    details: stayRows(context),
    action: OPEN_BOOKING,
    closing: [],
  };
}
