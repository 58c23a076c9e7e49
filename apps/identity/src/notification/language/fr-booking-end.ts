import { fr } from '../../mail/language/french.js';
import type { MailDraft } from '../../mail/language/language.js';
import {
  de,
  guestOf,
  moneyRow,
  NOT_CHARGED,
  OPEN_BOOKING,
  payoutRow,
  quoted,
  REFUND_TIME,
  stayRows,
  theGuest,
  theHost,
  totalRow,
} from './fr-details.js';
import type { MailContext } from './language.js';

const DATES_FREE = 'Les dates sont de nouveau disponibles.';

export const bookingDeclined = (context: MailContext<'booking-declined'>): MailDraft => ({
  subject: `Votre demande pour ${quoted(context.title)} a été refusée`,
  paragraphs: [`${theHost(context)} ne peut pas vous recevoir à ces dates.`, NOT_CHARGED],
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
      subject: `Votre paiement pour ${quoted(context.title)} est remboursé`,
      paragraphs: [
        'Votre paiement est arrivé après l’expiration du délai, et un autre voyageur avait entre-temps réservé ces dates. Vous n’avez pas de réservation et votre paiement est remboursé en totalité.',
      ],
      details: [...stayRows(context), totalRow(context, 'Remboursement')],
      action: OPEN_BOOKING,
      closing: [REFUND_TIME],
    };
  const reason = {
    hold: fr`Le délai de paiement a expiré et les dates ne vous sont plus réservées. Aucun montant ne vous a été débité. Si un paiement arrive encore, il finalise la réservation si les dates sont disponibles ; sinon, il est remboursé.`,
    host: `${theHost(context)} n’a pas répondu à temps.`,
    'check-in': `${theHost(context)} n’a pas répondu avant la date d’arrivée.`,
    capture: `${theHost(context)} a accepté votre demande, mais votre paiement n’a pas pu aboutir.`,
  }[cause];
  return {
    subject: `Votre ${cause === 'hold' ? 'réservation' : 'demande'} pour ${quoted(context.title)} a expiré`,
    paragraphs: [reason, ...(cause === 'hold' ? [] : [NOT_CHARGED])],
    details: stayRows(context),
    action: OPEN_BOOKING,
    closing: [],
  };
}

function expiredForHost(context: MailContext<'booking-expired'>): MailDraft {
  const unanswered = context.facts.cause !== 'capture';
  const guest = de(guestOf(context));
  return {
    subject: unanswered
      ? `La demande ${guest} pour ${quoted(context.title)} a expiré`
      : `La réservation ${guest} pour ${quoted(context.title)} n’a pas abouti`,
    paragraphs: [
      unanswered
        ? `Vous n’avez pas répondu à temps. ${DATES_FREE}`
        : `Vous avez accepté la demande, mais le paiement n’a pas pu aboutir. ${DATES_FREE}`,
    ],
    details: stayRows(context),
    action: OPEN_BOOKING,
    closing: [],
  };
}

function cancelledForGuest(context: MailContext<'booking-cancelled'>): MailDraft {
  const { by, wasConfirmed, refundMinor } = context.facts;
  const summary = {
    guest: 'Vous avez annulé ce séjour.',
    host: `${theHost(context)} a annulé ce séjour. Nous en sommes désolés.`,
    admin: 'Roost a annulé ce séjour.',
  }[by];
  return {
    subject: wasConfirmed
      ? `Votre séjour à ${quoted(context.title)} est annulé`
      : `Votre demande pour ${quoted(context.title)} est annulée`,
    paragraphs: [summary, ...(wasConfirmed ? [] : [NOT_CHARGED])],
    details: [
      ...stayRows(context),
      ...(wasConfirmed ? [moneyRow(context, 'Remboursement', refundMinor)] : []),
    ],
    action: OPEN_BOOKING,
    closing: wasConfirmed && refundMinor > 0 ? [REFUND_TIME] : [],
  };
}

function cancelledForHost(context: MailContext<'booking-cancelled'>): MailDraft {
  const { by, wasConfirmed, hostPenaltyMinor } = context.facts;
  const guest = de(guestOf(context));
  const summary = {
    guest: `${theGuest(context)} a annulé ce séjour. ${DATES_FREE}`,
    host: 'Vous avez annulé ce séjour. Les dates sont bloquées dans votre calendrier.',
    admin: 'Roost a annulé ce séjour.',
  }[by];
  return {
    subject: wasConfirmed
      ? `Le séjour ${guest} à ${quoted(context.title)} est annulé`
      : `La demande ${guest} pour ${quoted(context.title)} est annulée`,
    paragraphs: [summary],
    details: [
      ...stayRows(context),
      ...(wasConfirmed ? [payoutRow(context)] : []),
      ...(hostPenaltyMinor > 0
        ? [moneyRow(context, 'Déduit de vos prochains versements', hostPenaltyMinor)]
        : []),
    ],
    action: OPEN_BOOKING,
    closing: [],
  };
}
