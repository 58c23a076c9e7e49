import { fr } from '../../mail/language/french.js';
import { count } from './fr-details.js';
import type { NotificationTexts } from './language.js';

const ACCOUNT = 'Afficher mon compte de versement';

const bookings = (number: number) => count(number, 'réservation');

export const payoutMails: NotificationTexts['payoutMails'] = {
  'payout-paid': ({ facts, format }) => ({
    subject: `Nous vous avons envoyé un versement de ${format.money(facts.amountMinor, facts.currency)}`,
    paragraphs: ['La somme est en route vers votre compte de versement.'],
    details: [
      ['Montant', format.money(facts.amountMinor, facts.currency)],
      ['Pour', bookings(facts.bookings)],
    ],
    action: 'Afficher mes versements',
    closing: [
      'Selon votre banque, elle met généralement quelques jours à arriver. Le montant de chaque réservation figure dans vos versements.',
    ],
  }),

  'payout-failed': ({ facts, format }) => ({
    subject: `Votre versement de ${format.money(facts.amountMinor, facts.currency)} a échoué`,
    paragraphs: [
      fr`Le prestataire de paiement n’a pas pu envoyer votre versement. La somme n’est pas perdue : une nouvelle tentative aura lieu automatiquement.`,
    ],
    details: [
      ['Montant', format.money(facts.amountMinor, facts.currency)],
      ['Pour', bookings(facts.bookings)],
      ['Motif', facts.code],
    ],
    action: ACCOUNT,
    closing: [
      'Vérifiez votre compte de versement. Si vous en indiquez un autre, les versements commencent 72 heures après le changement. Vous ne recevrez pas d’autre message tant qu’un versement n’aura pas abouti.',
    ],
  }),

  'payout-account-changed': ({ facts, format }) => {
    const usableAt = new Date(facts.usableAt);
    return {
      subject: `Votre compte de versement en ${facts.currency} a été modifié`,
      paragraphs: [
        'Les versements dans cette devise iront sur le nouveau compte à partir de la date ci-dessous. Jusque-là, ils sont en attente.',
      ],
      details: [
        ['Devise', facts.currency],
        ['Prestataire', facts.provider],
        [
          'Versements à partir du',
          `${format.dateOf(usableAt, 'UTC')}, ${format.time(usableAt, 'UTC')} (UTC)`,
        ],
      ],
      action: ACCOUNT,
      closing: [
        fr`Si vous n’êtes pas à l’origine de ce changement, indiquez de nouveau votre compte, changez votre mot de passe et contactez-nous immédiatement : rien n’est versé avant la date ci-dessus.`,
      ],
    };
  },
};
