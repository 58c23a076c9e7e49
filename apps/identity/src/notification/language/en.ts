import type { MailDraft } from '../../mail/language/language.js';
import { bookingCancelled, bookingDeclined, bookingExpired } from './en-booking-end.js';
import {
  bookingRow,
  dateRows,
  guestCounts,
  guestOf,
  hostOf,
  instant,
  moneyRow,
  OPEN_BOOKING,
  payoutRow,
  placeRow,
  stayRows,
  theGuest,
  theHost,
  totalRow,
} from './en-details.js';
import { disputeClosed, paymentDisputed, paymentFailed, paymentRefunded } from './en-payment.js';
import { payoutMails } from './en-payout.js';
import type { FeedProblemMailContext, MessageMailContext, NotificationTexts } from './language.js';

const bookingMails: NotificationTexts['bookingMails'] = {
  'booking-requested': (context) => ({
    subject: `${theGuest(context)} requests to stay at ${context.title}`,
    paragraphs: [
      `${theGuest(context)} would like to stay at your place. The dates are held until you respond.`,
    ],
    details: [
      ...stayRows(context),
      payoutRow(context),
      ['Respond by', instant(context, context.facts.respondBy)],
    ],
    action: 'Respond to the request',
    closing: ['Without a response by then, the request expires.'],
  }),

  'booking-confirmed': (context) =>
    context.side === 'guest'
      ? {
          subject: `Your stay in ${context.city ?? context.title} is confirmed`,
          paragraphs: [`Your stay with ${hostOf(context)} is paid and confirmed.`],
          details: [...stayRows(context), totalRow(context, 'Total paid')],
          action: OPEN_BOOKING,
          closing: ['The exact address is shown in your booking.'],
        }
      : {
          subject: `${theGuest(context)} booked ${context.title}`,
          paragraphs: [`The stay of ${guestOf(context)} at your place is paid and confirmed.`],
          details: [...stayRows(context), payoutRow(context)],
          action: OPEN_BOOKING,
          closing: [],
        },

  'booking-declined': bookingDeclined,
  'booking-expired': bookingExpired,
  'booking-cancelled': bookingCancelled,

  'booking-change-proposed': (context) => {
    const { checkInDate, checkOutDate, guests, differenceMinor, closesAt } = context.facts;
    const { format, stay } = context;
    const proposer = context.side === 'guest' ? theHost(context) : theGuest(context);
    const label = differenceMinor > 0 ? 'Additional payment by the guest' : 'Refund to the guest';
    return {
      subject: `${proposer} proposes to change the booking of ${context.title}`,
      paragraphs: [
        `${proposer} proposes new terms. The booking does not change until you accept them; new dates are held until then.`,
      ],
      details: [
        placeRow(context),
        ['Check-in', `${format.date(stay.checkInDate)} → ${format.date(checkInDate)}`],
        ['Check-out', `${format.date(stay.checkOutDate)} → ${format.date(checkOutDate)}`],
        ['Guests', `${guestCounts(stay.guests)} → ${guestCounts(guests)}`],
        ...(differenceMinor === 0 ? [] : [moneyRow(context, label, Math.abs(differenceMinor))]),
        ['Respond by', instant(context, closesAt)],
        bookingRow(context),
      ],
      action: 'Respond to the change',
      closing: [],
    };
  },

  'booking-change-to-pay': (context) => ({
    subject: `The change of your booking of ${context.title} is accepted: please pay the difference`,
    paragraphs: ['The new terms apply when the difference is paid. Until then, the booking does not change.'],
    details: [
      placeRow(context),
      moneyRow(context, 'Amount due', context.facts.differenceMinor),
      ['Pay by', instant(context, context.facts.closesAt)],
      bookingRow(context),
    ],
    action: 'Pay the difference',
    closing: [],
  }),

  'booking-changed': (context) => {
    const { differenceMinor } = context.facts;
    const label = differenceMinor > 0 ? 'Additional payment' : 'Refund';
    return {
      subject: `The booking of ${context.title} has changed`,
      paragraphs: ['These terms apply now.'],
      details: [
        ...stayRows(context),
        context.side === 'guest' ? totalRow(context) : payoutRow(context),
        ...(context.side === 'guest' && differenceMinor !== 0
          ? [moneyRow(context, label, Math.abs(differenceMinor))]
          : []),
      ],
      action: OPEN_BOOKING,
      closing: [],
    };
  },

  'payment-failed': paymentFailed,
  'payment-refunded': paymentRefunded,
  'payment-disputed': paymentDisputed,
  'dispute-closed': disputeClosed,

  'check-in-reminder': (context) => ({
    subject: `Your stay at ${context.title} starts tomorrow`,
    paragraphs: [`Your stay with ${hostOf(context)} starts tomorrow.`],
    details: stayRows(context),
    action: OPEN_BOOKING,
    closing: [
      `Times are in the time zone of the place (${context.stay.timeZone}). The exact address is shown in your booking.`,
    ],
  }),

  'review-reminder': (context) => ({
    subject:
      context.side === 'guest' ? `How was ${context.title}?` : `How was your guest at ${context.title}?`,
    paragraphs: [
      context.side === 'guest'
        ? `Your stay with ${hostOf(context)} has ended. Your review helps other guests.`
        : `The stay of ${guestOf(context)} has ended. Your review helps other hosts.`,
    ],
    details: [
      placeRow(context),
      ...dateRows(context),
      ['Review by', instant(context, context.facts.closesAt)],
    ],
    action: 'Write your review',
    closing: ['If you have already submitted your review, you can ignore this mail.'],
  }),

  'review-published': (context) => ({
    subject:
      context.side === 'guest'
        ? `${theHost(context)} reviewed your stay`
        : `A new review of ${context.title}`,
    paragraphs: [
      `You can now read the review by ${context.side === 'guest' ? hostOf(context) : guestOf(context)}.`,
    ],
    details: [placeRow(context), ...dateRows(context)],
    action: 'Read the review',
    closing: ['You can respond to it once, in public.'],
  }),
};

function messageMail(context: MessageMailContext): MailDraft {
  const { senderName, title, bookingId } = context;
  return {
    subject: `${senderName ?? 'Someone'} sent you a message about ${title}`,
    paragraphs: ['You have a new message.'],
    details: [placeRow(context), ...(bookingId === null ? [] : [['Booking', bookingId] as [string, string]])],
    action: 'Open your messages',
    closing: ['Read and answer it in your messages. Replies to this mail are not delivered.'],
  };
}

function feedProblemMail(context: FeedProblemMailContext): MailDraft {
  const { title, feedId, problem } = context;
  return {
    subject: `A calendar that you import into ${title} can't be read in full`,
    paragraphs: [
      problem === 'unreadable_dates'
        ? 'Some of its dates are not readable. Events with such dates keep the nights that they had; changes of them are not imported.'
        : 'It has a problem. The nights of the last successful check remain blocked.',
      'Check your calendar for the next weeks, so that no night is booked twice.',
    ],
    details: [placeRow(context), ['Calendar feed', feedId], ['Problem', problem]],
    action: 'Open your calendar',
    closing: [
      'The log of the feed in your calendar has the details. You receive no other mail about this until the calendar has been read without a problem.',
    ],
  };
}

export const english: NotificationTexts = { bookingMails, messageMail, feedProblemMail, payoutMails };
