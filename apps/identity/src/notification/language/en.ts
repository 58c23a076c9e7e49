import type { Guests } from '@roost/pricing';
import type { StayTemplate } from '../domain/notification.js';
import type { Language, Letter, Told, ToldOfMessage } from './language.js';

type Row = Letter['details'][number];
type AnyTold = Told<StayTemplate>;

const guestOf = ({ guestName }: AnyTold) => guestName ?? 'your guest';
const hostOf = ({ hostName }: AnyTold) => hostName ?? 'your host';
/** At the beginning of a sentence; a name stays as it is written. */
const theGuest = ({ guestName }: AnyTold) => guestName ?? 'Your guest';
const theHost = ({ hostName }: AnyTold) => hostName ?? 'Your host';
const count = (number: number, one: string, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;

function party({ adults, children, infants, pets }: Guests): string {
  return [
    count(adults, 'adult'),
    ...(children.length > 0 ? [count(children.length, 'child', 'children')] : []),
    ...(infants > 0 ? [count(infants, 'infant')] : []),
    ...(pets > 0 ? [count(pets, 'pet')] : []),
  ].join(', ');
}

const place = ({ title, city }: Pick<AnyTold, 'title' | 'city'>): Row => [
  'Place',
  city === null ? title : `${title}, ${city}`,
];

const dates = ({ stay, words }: AnyTold): Row[] => [
  ['Check-in', `${words.date(stay.checkInDate)}, from ${words.time(stay.checkInAt, stay.timeZone)}`],
  ['Check-out', `${words.date(stay.checkOutDate)}, by ${words.time(stay.checkOutAt, stay.timeZone)}`],
  ['Nights', String(stay.nights)],
];

const who = ({ stay }: AnyTold): Row => ['Guests', party(stay.guests)];
const reference = ({ stay }: AnyTold): Row => ['Booking', stay.bookingId];

const stayOf = (told: AnyTold): Row[] => [place(told), ...dates(told), who(told), reference(told)];

const instant = ({ stay, words }: AnyTold, at: string): string =>
  `${words.dateOf(new Date(at), stay.timeZone)}, ${words.time(new Date(at), stay.timeZone)} (${stay.timeZone})`;

const total = ({ stay, words }: AnyTold, label = 'Total'): Row => [
  label,
  words.money(stay.totalMinor, stay.currency),
];
const payout = ({ stay, words }: AnyTold, label: string): Row => [
  label,
  words.money(stay.hostPayoutMinor, stay.currency),
];

const NOT_CHARGED = 'You are not charged: what was held or paid already goes back to you in full.';

const letters: Language['letters'] = {
  'booking-requested': (told) => ({
    subject: `${theGuest(told)} asks to stay at ${told.title}`,
    paragraphs: [
      `${theGuest(told)} would like to stay at your place. The dates are kept free until you answer.`,
    ],
    details: [
      ...stayOf(told),
      payout(told, 'You would be paid'),
      ['Please answer by', instant(told, told.facts.respondBy)],
    ],
    closing: ['Without an answer until then the request ends by itself.'],
  }),

  'booking-confirmed': (told) =>
    told.side === 'guest'
      ? {
          subject: `You are going to ${told.city ?? told.title}: your booking is confirmed`,
          paragraphs: [`Your stay with ${hostOf(told)} is paid and confirmed.`],
          details: [...stayOf(told), total(told, 'You paid')],
          closing: ['You find the exact address in your booking.'],
        }
      : {
          subject: `${theGuest(told)} is coming to ${told.title}`,
          paragraphs: [`A stay of ${guestOf(told)} at your place is paid and confirmed.`],
          details: [...stayOf(told), payout(told, 'You will be paid')],
          closing: [],
        },

  'booking-declined': (told) => ({
    subject: `Your request for ${told.title} was declined`,
    paragraphs: [`${theHost(told)} can’t host you on these dates.`, NOT_CHARGED],
    details: stayOf(told),
    closing: [],
  }),

  'booking-expired': (told) => (told.side === 'guest' ? expiredForGuest(told) : expiredForHost(told)),

  'booking-cancelled': (told) => (told.side === 'guest' ? cancelledForGuest(told) : cancelledForHost(told)),

  'booking-change-proposed': (told) => {
    const { checkInDate, checkOutDate, guests, differenceMinor, closesAt } = told.facts;
    const { words, stay } = told;
    const other = told.side === 'guest' ? theHost(told) : theGuest(told);
    const amount = words.money(Math.abs(differenceMinor), stay.currency);
    return {
      subject: `${other} would like to change the booking of ${told.title}`,
      paragraphs: [
        `${other} proposes other terms. Until you accept them the booking stays as it is; new dates are kept free until then.`,
      ],
      details: [
        place(told),
        ['Check-in', `${words.date(stay.checkInDate)} → ${words.date(checkInDate)}`],
        ['Check-out', `${words.date(stay.checkOutDate)} → ${words.date(checkOutDate)}`],
        ['Guests', `${party(stay.guests)} → ${party(guests)}`],
        ...(differenceMinor === 0
          ? []
          : [
              [
                differenceMinor > 0 ? 'The guest pays in addition' : 'The guest gets back',
                amount,
              ] satisfies Row,
            ]),
        ['Please answer by', instant(told, closesAt)],
        reference(told),
      ],
      closing: [],
    };
  },

  'booking-change-to-pay': (told) => ({
    subject: `The change of your booking of ${told.title} is accepted: please pay the difference`,
    paragraphs: [
      'The new terms hold as soon as the difference is paid. Until then the booking stays as it is.',
    ],
    details: [
      place(told),
      ['To pay', told.words.money(told.facts.differenceMinor, told.stay.currency)],
      ['Please pay by', instant(told, told.facts.closesAt)],
      reference(told),
    ],
    closing: [],
  }),

  'booking-changed': (told) => {
    const { differenceMinor } = told.facts;
    const amount = told.words.money(Math.abs(differenceMinor), told.stay.currency);
    return {
      subject: `The booking of ${told.title} has changed`,
      paragraphs: ['These are the terms from now on.'],
      details: [
        ...stayOf(told),
        told.side === 'guest' ? total(told) : payout(told, 'You will be paid'),
        ...(told.side === 'guest' && differenceMinor !== 0
          ? [[differenceMinor > 0 ? 'You paid in addition' : 'You get back', amount] satisfies Row]
          : []),
      ],
      closing: [],
    };
  },

  'payment-failed': (told) => ({
    subject: `Your payment for ${told.title} did not go through`,
    paragraphs: [
      told.facts.purpose === 'change'
        ? 'The payment for the change of your booking could not be completed. Nothing was taken, and the booking stays as it was.'
        : 'The payment for your booking could not be completed. Nothing was taken.',
    ],
    details: [...stayOf(told), ['Amount', told.words.money(told.facts.amountMinor, told.facts.currency)]],
    closing:
      told.facts.purpose === 'change'
        ? []
        : ['Without a payment the dates are not kept for you. You are welcome to book again.'],
  }),

  'check-in-reminder': (told) => ({
    subject: `Tomorrow you are at ${told.title}`,
    paragraphs: [`Your stay with ${hostOf(told)} begins tomorrow.`],
    details: stayOf(told),
    closing: [
      `Times are those of the place (${told.stay.timeZone}). You find the exact address in your booking.`,
    ],
  }),

  'review-reminder': (told) => ({
    subject: told.side === 'guest' ? `How was ${told.title}?` : `How was your guest at ${told.title}?`,
    paragraphs: [
      told.side === 'guest'
        ? `Your stay with ${hostOf(told)} is over. A few words from you help the next guests.`
        : `The stay of ${guestOf(told)} is over. A few words from you help other hosts.`,
    ],
    details: [place(told), ...dates(told), ['You can write until', instant(told, told.facts.closesAt)]],
    closing: ['If you have written your review already, there is nothing left to do.'],
  }),

  'review-published': (told) => ({
    subject:
      told.side === 'guest' ? `${theHost(told)} has reviewed your stay` : `A new review of ${told.title}`,
    paragraphs: [
      told.side === 'guest'
        ? `What ${hostOf(told)} wrote about your stay can be read now.`
        : `What ${guestOf(told)} wrote about the stay can be read now.`,
    ],
    details: [place(told), ...dates(told)],
    closing: ['You may answer it once, in public.'],
  }),
};

function expiredForGuest(told: Told<'booking-expired'>): Letter {
  const { cause, late } = told.facts;
  if (late)
    return {
      subject: `Your payment for ${told.title} goes back to you`,
      paragraphs: [
        'Your payment came after the time for it had run out, and by then somebody else had booked these dates. There is no booking, and your money goes back to you in full.',
      ],
      details: [...stayOf(told), total(told, 'You get back')],
      closing: ['How long it takes until you see it depends on your bank, mostly a few days.'],
    };
  const why = {
    hold: 'The time to pay has run out, so the dates are free again. You have not been charged; a payment that still arrives either completes the booking, if nobody else has taken the dates, or goes back to you.',
    host: `${theHost(told)} has not answered in time.`,
    'check-in': `${theHost(told)} has not answered before check-in.`,
    capture: `${theHost(told)} accepted, but your payment could not be completed.`,
  }[cause];
  return {
    subject:
      cause === 'hold'
        ? `Your booking of ${told.title} has lapsed`
        : `Your request for ${told.title} has ended`,
    paragraphs: [why, ...(cause === 'hold' ? [] : [NOT_CHARGED])],
    details: stayOf(told),
    closing: [],
  };
}

function expiredForHost(told: Told<'booking-expired'>): Letter {
  const paid = told.facts.cause !== 'capture';
  return {
    subject: paid
      ? `The request of ${guestOf(told)} for ${told.title} has ended`
      : `The booking of ${guestOf(told)} at ${told.title} came to nothing`,
    paragraphs: [
      paid
        ? 'It was not answered in time. The dates are free again.'
        : 'You accepted, but the payment could not be completed. The dates are free again.',
    ],
    details: stayOf(told),
    closing: [],
  };
}

function cancelledForGuest(told: Told<'booking-cancelled'>): Letter {
  const { by, wasConfirmed, refundMinor } = told.facts;
  const who = {
    guest: 'You have cancelled this stay.',
    host: `${theHost(told)} has cancelled this stay. We are sorry.`,
    admin: 'Roost has cancelled this stay.',
  }[by];
  return {
    subject: `Your ${wasConfirmed ? 'stay at' : 'request for'} ${told.title} is cancelled`,
    paragraphs: [who, ...(wasConfirmed ? [] : [NOT_CHARGED])],
    details: [
      ...stayOf(told),
      ...(wasConfirmed
        ? [['You get back', told.words.money(refundMinor, told.stay.currency)] satisfies Row]
        : []),
    ],
    closing:
      wasConfirmed && refundMinor > 0
        ? ['How long it takes until you see it depends on your bank, mostly a few days.']
        : [],
  };
}

function cancelledForHost(told: Told<'booking-cancelled'>): Letter {
  const { by, wasConfirmed, hostPenaltyMinor } = told.facts;
  const who = {
    guest: `${theGuest(told)} has cancelled. The dates are free again.`,
    host: 'You have cancelled this stay. The dates are blocked in your calendar.',
    admin: 'Roost has cancelled this stay.',
  }[by];
  return {
    subject: wasConfirmed
      ? `The stay of ${guestOf(told)} at ${told.title} is cancelled`
      : `The request of ${guestOf(told)} for ${told.title} is cancelled`,
    paragraphs: [who],
    details: [
      ...stayOf(told),
      ...(wasConfirmed ? [payout(told, 'You are paid')] : []),
      ...(hostPenaltyMinor > 0
        ? [
            [
              'Taken from your next payouts',
              told.words.money(hostPenaltyMinor, told.stay.currency),
            ] satisfies Row,
          ]
        : []),
    ],
    closing: [],
  };
}

function newMessage(told: ToldOfMessage): Letter {
  const { senderName, title, bookingId } = told;
  return {
    subject: `${senderName ?? 'Somebody'} wrote to you about ${title}`,
    paragraphs: ['There is a new message for you.'],
    details: [place(told), ...(bookingId === null ? [] : [['Booking', bookingId] satisfies Row])],
    closing: ['You read and answer it under your messages; answers to this mail reach nobody.'],
  };
}

export const english: Language = {
  tag: 'en',
  greeting: (name) => `Hello ${name},`,
  signature: 'Roost',
  mutable: 'You can turn mails of this kind off in your notification settings.',
  letters,
  newMessage,
};
