import { fr } from '../../mail/language/french.js';
import type { MailDraft } from '../../mail/language/language.js';
import {
  de,
  guestOf,
  moneyRow,
  OPEN_BOOKING,
  payoutRow,
  quoted,
  REFUND_TIME,
  stayRows,
} from './fr-details.js';
import type { MailContext } from './language.js';

export const paymentFailed = (context: MailContext<'payment-failed'>): MailDraft => ({
  subject: `Votre paiement pour ${quoted(context.title)} a échoué`,
  paragraphs: [
    context.facts.purpose === 'change'
      ? 'Le paiement pour la modification de votre réservation n’a pas pu aboutir. Aucun montant ne vous a été débité et la réservation reste inchangée.'
      : 'Le paiement de votre réservation n’a pas pu aboutir. Aucun montant ne vous a été débité.',
  ],
  details: [
    ...stayRows(context),
    ['Montant', context.format.money(context.facts.amountMinor, context.facts.currency)],
  ],
  action: context.facts.purpose === 'change' ? OPEN_BOOKING : 'Afficher l’annonce',
  closing:
    context.facts.purpose === 'change'
      ? []
      : ['Sans paiement, les dates ne vous sont pas réservées. Vous pouvez réserver à nouveau.'],
});

export function paymentRefunded(context: MailContext<'payment-refunded'>): MailDraft {
  const { amountMinor, reason, repeated = false, paidOutOfBand = false } = context.facts;
  const cause = {
    'booking-ended': ', car la réservation a pris fin',
    'booking-changed': ', car la réservation modifiée coûte moins cher',
    admin: ' par Roost',
  }[reason];
  const sentAgain = paidOutOfBand
    ? 'Nous vous le versons par un autre moyen.'
    : 'Nous l’avons envoyé à nouveau.';
  const way = paidOutOfBand
    ? fr`Ce montant ne peut plus être renvoyé sur le moyen de paiement que vous avez utilisé : vous le recevez par un autre moyen, comme convenu avec vous.`
    : 'Ce montant est renvoyé sur le moyen de paiement que vous avez utilisé.';
  return {
    subject: `Votre remboursement pour ${quoted(context.title)}`,
    paragraphs: [
      ...(repeated ? [`Votre banque nous avait renvoyé ce remboursement. ${sentAgain}`] : []),
      `Tout ou partie de votre paiement pour cette réservation vous a été remboursé${cause}. ${way}`,
    ],
    details: [...stayRows(context), moneyRow(context, 'Remboursement', amountMinor)],
    action: OPEN_BOOKING,
    closing: [REFUND_TIME],
  };
}

export const paymentDisputed = (context: MailContext<'payment-disputed'>): MailDraft => ({
  subject: `Un paiement pour ${quoted(context.title)} est contesté`,
  paragraphs: [
    `La banque ${de(guestOf(context))} conteste un paiement pour ce séjour. Elle a repris le montant en attendant sa décision.`,
    'Les versements liés à cette réservation sont suspendus d’ici là. La réservation elle-même reste inchangée.',
  ],
  details: [...stayRows(context), payoutRow(context)],
  action: OPEN_BOOKING,
  closing: ['Conservez vos messages et les autres preuves du séjour. Roost pourra vous les demander.'],
});

export function disputeClosed(context: MailContext<'dispute-closed'>): MailDraft {
  const isWon = context.facts.outcome === 'won';
  return {
    subject: `Le litige concernant ${quoted(context.title)} a été tranché en votre ${isWon ? 'faveur' : 'défaveur'}`,
    paragraphs: [
      isWon
        ? 'La banque a restitué le montant. Les versements liés à cette réservation ne sont plus suspendus.'
        : 'La banque a restitué au voyageur le montant contesté. Votre part est déduite de vos versements.',
    ],
    details: stayRows(context),
    action: OPEN_BOOKING,
    closing: [],
  };
}
