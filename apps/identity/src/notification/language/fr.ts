import { fr } from '../../mail/language/french.js';
import type { MailDraft } from '../../mail/language/language.js';
import { bookingCancelled, bookingDeclined, bookingExpired } from './fr-booking-end.js';
import {
  bookingRow,
  dateRows,
  de,
  guestCounts,
  guestOf,
  hostOf,
  instant,
  moneyRow,
  OPEN_BOOKING,
  payoutRow,
  placeRow,
  quoted,
  stayRows,
  theGuest,
  theHost,
  totalRow,
} from './fr-details.js';
import { disputeClosed, paymentDisputed, paymentFailed, paymentRefunded } from './fr-payment.js';
import { payoutMails } from './fr-payout.js';
import type { FeedProblemMailContext, MessageMailContext, NotificationTexts } from './language.js';

const bookingMails: NotificationTexts['bookingMails'] = {
  'booking-requested': (context) => ({
    subject: `${theGuest(context)} souhaite séjourner à ${quoted(context.title)}`,
    paragraphs: [
      `${theGuest(context)} souhaite séjourner chez vous. Les dates restent réservées jusqu’à votre réponse.`,
    ],
    details: [
      ...stayRows(context),
      payoutRow(context),
      ['Réponse avant le', instant(context, context.facts.respondBy)],
    ],
    action: 'Répondre à la demande',
    closing: ['Sans réponse de votre part d’ici là, la demande expire.'],
  }),

  'booking-confirmed': (context) =>
    context.side === 'guest'
      ? {
          subject: fr`Votre séjour est confirmé : ${context.city ?? quoted(context.title)}`,
          paragraphs: [`Votre séjour chez ${hostOf(context)} est payé et confirmé.`],
          details: [...stayRows(context), totalRow(context, 'Total payé')],
          action: OPEN_BOOKING,
          closing: ['L’adresse exacte figure dans votre réservation.'],
        }
      : {
          subject: `${theGuest(context)} a réservé ${quoted(context.title)}`,
          paragraphs: [`Le séjour ${de(guestOf(context))} chez vous est payé et confirmé.`],
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
    const label = differenceMinor > 0 ? 'Supplément à payer par le voyageur' : 'Remboursement au voyageur';
    return {
      subject: `${proposer} propose de modifier la réservation pour ${quoted(context.title)}`,
      paragraphs: [
        fr`${proposer} propose de nouvelles conditions. La réservation reste inchangée tant que vous ne les avez pas acceptées ; d’ici là, les nouvelles dates restent réservées.`,
      ],
      details: [
        placeRow(context),
        ['Arrivée', `${format.date(stay.checkInDate)} → ${format.date(checkInDate)}`],
        ['Départ', `${format.date(stay.checkOutDate)} → ${format.date(checkOutDate)}`],
        ['Voyageurs', `${guestCounts(stay.guests)} → ${guestCounts(guests)}`],
        ...(differenceMinor === 0 ? [] : [moneyRow(context, label, Math.abs(differenceMinor))]),
        ['Réponse avant le', instant(context, closesAt)],
        bookingRow(context),
      ],
      action: 'Répondre à la proposition',
      closing: [],
    };
  },

  'booking-change-to-pay': (context) => ({
    subject: fr`La modification de votre réservation pour ${quoted(context.title)} est acceptée : merci de payer la différence`,
    paragraphs: [
      'Les nouvelles conditions s’appliquent une fois la différence payée. D’ici là, la réservation reste inchangée.',
    ],
    details: [
      placeRow(context),
      moneyRow(context, 'Montant dû', context.facts.differenceMinor),
      ['À payer avant le', instant(context, context.facts.closesAt)],
      bookingRow(context),
    ],
    action: 'Payer la différence',
    closing: [],
  }),

  'booking-changed': (context) => {
    const { differenceMinor } = context.facts;
    const label = differenceMinor > 0 ? 'Supplément' : 'Remboursement';
    return {
      subject: `La réservation pour ${quoted(context.title)} a été modifiée`,
      paragraphs: ['Les conditions suivantes s’appliquent désormais.'],
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
    subject: `Votre séjour à ${quoted(context.title)} commence demain`,
    paragraphs: [`Votre séjour chez ${hostOf(context)} commence demain.`],
    details: stayRows(context),
    action: OPEN_BOOKING,
    closing: [
      `Les heures sont celles du fuseau horaire du logement (${context.stay.timeZone}). L’adresse exacte figure dans votre réservation.`,
    ],
  }),

  'review-reminder': (context) => ({
    subject:
      context.side === 'guest'
        ? fr`Comment s’est passé votre séjour à ${quoted(context.title)} ?`
        : fr`Comment s’est passé le séjour de votre voyageur à ${quoted(context.title)} ?`,
    paragraphs: [
      context.side === 'guest'
        ? `Votre séjour chez ${hostOf(context)} est terminé. Votre avis aide les autres voyageurs.`
        : `Le séjour ${de(guestOf(context))} est terminé. Votre avis aide les autres hôtes.`,
    ],
    details: [
      placeRow(context),
      ...dateRows(context),
      ['Date limite', instant(context, context.facts.closesAt)],
    ],
    action: 'Rédiger mon avis',
    closing: ['Si vous avez déjà envoyé votre avis, vous pouvez ignorer ce message.'],
  }),

  'review-published': (context) => ({
    subject:
      context.side === 'guest'
        ? `${theHost(context)} a publié un avis sur votre séjour`
        : `Un nouvel avis sur ${quoted(context.title)}`,
    paragraphs: [
      `Vous pouvez maintenant lire l’avis ${de(context.side === 'guest' ? hostOf(context) : guestOf(context))}.`,
    ],
    details: [placeRow(context), ...dateRows(context)],
    action: 'Lire l’avis',
    closing: ['Vous pouvez y répondre une fois, publiquement.'],
  }),
};

function messageMail(context: MessageMailContext): MailDraft {
  const { senderName, title, bookingId } = context;
  return {
    subject: fr`${senderName ?? 'Quelqu’un'} vous a envoyé un message au sujet de ${quoted(title)}`,
    paragraphs: ['Vous avez un nouveau message.'],
    details: [
      placeRow(context),
      ...(bookingId === null ? [] : [['Réservation', bookingId] as [string, string]]),
    ],
    action: 'Afficher mes messages',
    closing: [
      'Lisez-le et répondez-y dans votre messagerie. Les réponses à cet e-mail ne sont pas transmises.',
    ],
  };
}

function feedProblemMail(context: FeedProblemMailContext): MailDraft {
  const { title, feedId, problem } = context;
  return {
    subject: `Un calendrier que vous importez pour ${quoted(title)} ne peut pas être lu entièrement`,
    paragraphs: [
      problem === 'unreadable_dates'
        ? fr`Certaines de ses dates sont illisibles. Les événements concernés gardent les nuits qu’ils avaient ; leurs modifications ne sont pas importées.`
        : 'Il présente un problème. Les nuits du dernier contrôle réussi restent bloquées.',
      'Vérifiez votre calendrier des prochaines semaines, afin qu’aucune nuit ne soit réservée deux fois.',
    ],
    details: [placeRow(context), ['Calendrier importé', feedId], ['Problème', problem]],
    action: 'Afficher mon calendrier',
    closing: [
      'Le journal d’importation de votre calendrier en donne le détail. Vous ne recevrez pas d’autre message à ce sujet tant que le calendrier n’aura pas été lu sans problème.',
    ],
  };
}

export const french: NotificationTexts = { bookingMails, messageMail, feedProblemMail, payoutMails };
