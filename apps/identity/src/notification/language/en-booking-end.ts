import type { MailDraft } from '../../mail/language/language.js';
import {
  guestOf,
  moneyRow,
  NOT_CHARGED,
  OPEN_BOOKING,
  payoutRow,
  REFUND_TIME,
  stayRows,
  theGuest,
  theHost,
  totalRow,
} from './en-details.js';
import type { MailContext } from './language.js';

export const bookingDeclined = (context: MailContext<'booking-declined'>): MailDraft => ({
  subject: `Your request for ${context.title} was declined`,
  paragraphs: [`${theHost(context)} cannot host you on these dates.`, NOT_CHARGED],
  details: stayRows(context),
  action: OPEN_BOOKING,
  closing: [],
});

export const bookingExpired = (context: MailContext<'booking-expired'>): MailDraft =>
  context.side === 'guest' ? expiredForGuest(context) : expiredForHost(context);

export const bookingCancelled = (context: MailContext<'booking-cancelled'>): MailDraft =>
  context.side === 'guest' ? cancelledForGuest(context) : cancelledForHost(context);

function expiredForGuest(context: MailContext<'booking-expired'>): MailDraft {
  const { cause, late } = context.facts;
  if (late)
    return {
      subject: `Your payment for ${context.title} is refunded`,
      paragraphs: [
        'Your payment arrived after the time to pay had expired, and another guest had booked these dates. You have no booking, and your payment is refunded in full.',
      ],
      details: [...stayRows(context), totalRow(context, 'Refund')],
      action: OPEN_BOOKING,
      closing: [REFUND_TIME],
    };
  const reason = {
    hold: 'The time to pay has expired, and the dates are no longer held for you. You have not been charged. If a payment still arrives, it completes the booking if the dates are available; otherwise it is refunded.',
    host: `${theHost(context)} did not respond in time.`,
    'check-in': `${theHost(context)} did not respond before check-in.`,
    capture: `${theHost(context)} accepted, but your payment could not be completed.`,
  }[cause];
  return {
    subject: `Your ${cause === 'hold' ? 'booking of' : 'request for'} ${context.title} has expired`,
    paragraphs: [reason, ...(cause === 'hold' ? [] : [NOT_CHARGED])],
    details: stayRows(context),
    action: OPEN_BOOKING,
    closing: [],
  };
}

function expiredForHost(context: MailContext<'booking-expired'>): MailDraft {
  const unanswered = context.facts.cause !== 'capture';
  return {
    subject: unanswered
      ? `The request of ${guestOf(context)} for ${context.title} has expired`
      : `The booking of ${guestOf(context)} at ${context.title} was not completed`,
    paragraphs: [
      unanswered
        ? 'You did not respond in time. The dates are available again.'
        : 'You accepted, but the payment could not be completed. The dates are available again.',
    ],
    details: stayRows(context),
    action: OPEN_BOOKING,
    closing: [],
  };
}

function cancelledForGuest(context: MailContext<'booking-cancelled'>): MailDraft {
  const { by, wasConfirmed, refundMinor } = context.facts;
  const summary = {
    guest: 'You cancelled this stay.',
    host: `${theHost(context)} cancelled this stay. We are sorry.`,
    admin: 'Roost cancelled this stay.',
  }[by];
  return {
    subject: `Your ${wasConfirmed ? 'stay at' : 'request for'} ${context.title} is cancelled`,
    paragraphs: [summary, ...(wasConfirmed ? [] : [NOT_CHARGED])],
    details: [...stayRows(context), ...(wasConfirmed ? [moneyRow(context, 'Refund', refundMinor)] : [])],
    action: OPEN_BOOKING,
    closing: wasConfirmed && refundMinor > 0 ? [REFUND_TIME] : [],
  };
}

function cancelledForHost(context: MailContext<'booking-cancelled'>): MailDraft {
  const { by, wasConfirmed, hostPenaltyMinor } = context.facts;
  const summary = {
    guest: `${theGuest(context)} cancelled this stay. The dates are available again.`,
    host: 'You cancelled this stay. The dates are blocked in your calendar.',
    admin: 'Roost cancelled this stay.',
  }[by];
  return {
    subject: `The ${wasConfirmed ? 'stay' : 'request'} of ${guestOf(context)} ${wasConfirmed ? 'at' : 'for'} ${context.title} is cancelled`,
    paragraphs: [summary],
    details: [
      ...stayRows(context),
      ...(wasConfirmed ? [payoutRow(context)] : []),
      ...(hostPenaltyMinor > 0
        ? [moneyRow(context, 'Deducted from your next payouts', hostPenaltyMinor)]
        : []),
    ],
    action: OPEN_BOOKING,
    closing: [],
  };
}
