import type { NotificationTexts } from './language.js';

const ACCOUNT = 'Open your payout account';

const bookings = (count: number) => `${count} ${count === 1 ? 'booking' : 'bookings'}`;

export const payoutMails: NotificationTexts['payoutMails'] = {
  'payout-paid': ({ facts, format }) => ({
    subject: `We sent you a payout of ${format.money(facts.amountMinor, facts.currency)}`,
    paragraphs: ['Your payout is on its way to your payout account.'],
    details: [
      ['Amount', format.money(facts.amountMinor, facts.currency)],
      ['For', bookings(facts.bookings)],
    ],
    action: 'Open your payouts',
    closing: [
      'Depending on your bank, it usually takes a few days to arrive. The amount of each booking is shown in your payouts.',
    ],
  }),

  'payout-failed': ({ facts, format }) => ({
    subject: `Your payout of ${format.money(facts.amountMinor, facts.currency)} failed`,
    paragraphs: [
      'The payment provider could not send your payout. The amount is not lost: we try again automatically.',
    ],
    details: [
      ['Amount', format.money(facts.amountMinor, facts.currency)],
      ['For', bookings(facts.bookings)],
      ['Reason', facts.code],
    ],
    action: ACCOUNT,
    closing: [
      'Check your payout account. If you set another one, payouts start 72 hours after the change. You receive no other mail until a payout succeeds.',
    ],
  }),

  'payout-account-changed': ({ facts, format }) => {
    const usableAt = new Date(facts.usableAt);
    return {
      subject: `Your payout account for ${facts.currency} was changed`,
      paragraphs: ['Payouts in this currency go to the new account. Until then, they wait.'],
      details: [
        ['Currency', facts.currency],
        ['Provider', facts.provider],
        ['Payouts from', `${format.dateOf(usableAt, 'UTC')}, ${format.time(usableAt, 'UTC')} (UTC)`],
      ],
      action: ACCOUNT,
      closing: [
        'If you did not change it, set your account again, change your password, and contact us at once: nothing is paid before the date above.',
      ],
    };
  },
};
