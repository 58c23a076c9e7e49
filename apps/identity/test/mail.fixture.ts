import { CLIENT_PAGES } from '@roost/platform';
import { renderAccountMail } from '../src/mail/account-mails.js';
import { ClientLinks } from '../src/mail/client-links.js';
import type { AccountMail, AccountMailTemplate, MailDraft } from '../src/mail/language/language.js';
import type { MailContent } from '../src/mail/mail-content.js';
import type {
  BookingMirror,
  BookingTemplate,
  NotificationFacts,
  PayoutTemplate,
  Side,
  Template,
} from '../src/notification/domain/notification.js';
import type {
  MailContext,
  NotificationTexts,
  PayoutMailContext,
} from '../src/notification/language/language.js';
import { localeFormat } from '../src/notification/language/locale-format.js';
import { type NotificationMail, renderNotificationMail } from '../src/notification/notification-mail.js';

/** A client with a page for every mail. */
export const CLIENT_URLS = Object.entries(CLIENT_PAGES)
  .map(
    ([page, names]) => `${page}=https://app.example.com/${[page, ...names.map((n) => `{${n}}`)].join('/')}`,
  )
  .join(',');

/** The texts of users in the samples. */
export interface UserTexts {
  title: string;
  city: string | null;
  guestName: string | null;
  hostName: string | null;
}

export const USER_TEXTS: UserTexts = {
  title: 'Canal loft',
  city: 'Amsterdam',
  guestName: 'Ada',
  hostName: 'Noor',
};

const TOKEN = 'R7xUaWqPz3kL9mVbT2cYdN5hJgE8sF4oQ1iX6wKuB0A';

const stay: BookingMirror & { nights: number } = {
  bookingId: '0197a3c2-5a51-7d04-9c0e-1f6a2b7d8e90',
  listingId: '0197a3c2-1111-7d04-9c0e-1f6a2b7d8e90',
  hostId: '0197a3c2-2222-7d04-9c0e-1f6a2b7d8e90',
  guestId: '0197a3c2-3333-7d04-9c0e-1f6a2b7d8e90',
  state: 'confirmed',
  checkInDate: '2027-06-10',
  checkOutDate: '2027-06-14',
  timeZone: 'Europe/Amsterdam',
  checkInAt: new Date('2027-06-10T13:00:00Z'),
  checkOutAt: new Date('2027-06-14T09:00:00Z'),
  guests: { adults: 2, children: [{ age: 7 }], infants: 1, pets: 2 },
  currency: 'EUR',
  totalMinor: 123_456,
  hostPayoutMinor: 100_050,
  nights: 4,
};

const account: { [T in AccountMailTemplate]: AccountMail[T] } = {
  'verify-email': { token: TOKEN },
  'already-registered': {},
  'reset-password': { token: TOKEN },
  'password-changed': {},
  'mfa-enabled': {},
  'email-change-old': { token: TOKEN, newEmail: 'ada@example.org' },
  'email-change-new': { token: TOKEN, newEmail: 'ada@example.org' },
  'email-taken': {},
  'email-changed': { newEmail: 'ada@example.org' },
  'mfa-removed': {},
  'export-ready': {},
  'passkey-added': {},
  'passkey-removed': {},
  'identity-linked': { provider: 'Example' },
  'identity-unlinked': { provider: 'Example' },
};

const BOTH: readonly Side[] = ['guest', 'host'];
const GUEST: readonly Side[] = ['guest'];
const HOST: readonly Side[] = ['host'];
const closesAt = '2027-06-28T09:00:00Z';
const change = {
  checkInDate: '2027-07-01',
  checkOutDate: '2027-07-05',
  guests: { adults: 3, children: [], infants: 0, pets: 0 },
  closesAt,
};
const cancelled = (by: 'guest' | 'host' | 'admin', wasConfirmed: boolean) => ({
  by,
  wasConfirmed,
  refundMinor: wasConfirmed ? 70_000 : 0,
  hostPenaltyMinor: by === 'host' ? 5_000 : 0,
});
const refunded = (more: Partial<NotificationFacts['payment-refunded']>) => ({
  amountMinor: 70_000,
  reason: 'booking-ended' as const,
  ...more,
});

/** The sides and facts of every variant of each mail. */
const booking: { [T in BookingTemplate]: [sides: readonly Side[], facts: NotificationFacts[T]][] } = {
  'booking-requested': [[HOST, { respondBy: closesAt }]],
  'booking-confirmed': [[BOTH, {}]],
  'booking-declined': [[GUEST, {}]],
  'booking-expired': [
    [GUEST, { cause: 'hold', late: false }],
    [GUEST, { cause: 'hold', late: true }],
    [BOTH, { cause: 'host', late: false }],
    [BOTH, { cause: 'check-in', late: false }],
    [BOTH, { cause: 'capture', late: false }],
  ],
  'booking-cancelled': [
    [BOTH, cancelled('guest', true)],
    [BOTH, cancelled('host', true)],
    [BOTH, cancelled('admin', true)],
    [BOTH, cancelled('guest', false)],
  ],
  'booking-change-proposed': [
    [BOTH, { ...change, differenceMinor: 10_000 }],
    [BOTH, { ...change, differenceMinor: -10_000 }],
    [BOTH, { ...change, differenceMinor: 0 }],
  ],
  'booking-change-to-pay': [[GUEST, { differenceMinor: 10_000, closesAt }]],
  'booking-changed': [
    [BOTH, { differenceMinor: 10_000 }],
    [BOTH, { differenceMinor: -10_000 }],
  ],
  'payment-refunded': [
    [GUEST, refunded({})],
    [GUEST, refunded({ reason: 'booking-changed', repeated: true })],
    [GUEST, refunded({ reason: 'admin', repeated: true, paidOutOfBand: true })],
  ],
  'payment-disputed': [[HOST, {}]],
  'dispute-closed': [
    [HOST, { outcome: 'won' }],
    [HOST, { outcome: 'lost' }],
  ],
  'payment-failed': [
    [GUEST, { purpose: 'booking', amountMinor: 123_456, currency: 'EUR' }],
    [GUEST, { purpose: 'change', amountMinor: 10_000, currency: 'EUR' }],
  ],
  'check-in-reminder': [[GUEST, {}]],
  'review-reminder': [[BOTH, { closesAt }]],
  'review-published': [[BOTH, {}]],
};

const payout: { [T in PayoutTemplate]: NotificationFacts[T][] } = {
  'payout-paid': [
    { amountMinor: 271_600, currency: 'EUR', bookings: 3 },
    { amountMinor: 12_340, currency: 'KWD', bookings: 1 },
  ],
  'payout-failed': [{ amountMinor: 27_160, currency: 'EUR', bookings: 3, code: 'account_closed' }],
  'payout-account-changed': [{ currency: 'EUR', provider: 'stripe', usableAt: closesAt }],
};

export interface SampleMail extends MailContent {
  template: AccountMailTemplate | Template;
  side: Side | null;
}

/** Renders every variant of every mail for a reader with this locale. */
export function sampleMails(
  locale: string,
  { clientUrls = CLIENT_URLS, users = USER_TEXTS }: { clientUrls?: string; users?: UserTexts } = {},
): SampleMail[] {
  const links = new ClientLinks({ CLIENT_URLS: clientUrls });
  const format = localeFormat(locale);
  const { title, city } = users;
  const displayName = users.guestName ?? 'Ada';
  const notification = (
    template: Template,
    facts: object,
    draft: NotificationMail['draft'],
    side: Side | null = null,
  ): SampleMail => {
    const { bookingId, listingId } = stay;
    const recipient = { displayName: side === 'host' ? (users.hostName ?? 'Noor') : displayName, locale };
    const ids = { bookingId, listingId, threadId: bookingId };
    return { template, side, ...renderNotificationMail({ template, facts, recipient, ids, draft }, links) };
  };

  const accountMails = (Object.keys(account) as AccountMailTemplate[]).map((template): SampleMail => {
    const reader = { displayName: template === 'email-taken' ? null : displayName, locale };
    return { template, side: null, ...renderAccountMail(template, account[template], reader, links) };
  });
  const bookingMails = (Object.keys(booking) as BookingTemplate[]).flatMap((template) =>
    booking[template].flatMap(([sides, facts]) =>
      sides.map((side) => {
        const context = { ...users, facts, side, stay, format };
        const draft = (texts: NotificationTexts) => {
          const write = texts.bookingMails[template] as (of: MailContext<BookingTemplate>) => MailDraft;
          return write(context as MailContext<BookingTemplate>);
        };
        return notification(template, facts, draft, side);
      }),
    ),
  );
  const payoutMails = (Object.keys(payout) as PayoutTemplate[]).flatMap((template) =>
    payout[template].map((facts) => {
      const draft = (texts: NotificationTexts) => {
        const write = texts.payoutMails[template] as (of: PayoutMailContext<PayoutTemplate>) => MailDraft;
        return write({ facts, format });
      };
      return notification(template, facts, draft, 'host');
    }),
  );
  const messageMails = [stay.bookingId, null].map((bookingId) =>
    notification(
      'message-received',
      {},
      (texts) => texts.messageMail({ senderName: users.hostName, title, city, bookingId }),
      'guest',
    ),
  );
  const feedMails = ['unreadable_dates', 'empty'].map((problem) =>
    notification(
      'feed-problem-found',
      {},
      (texts) => texts.feedProblemMail({ feedId: stay.listingId, problem, title, city }),
      'host',
    ),
  );
  return [...accountMails, ...bookingMails, ...payoutMails, ...messageMails, ...feedMails];
}

/** The sample of a template, for one side. */
export function sampleMail(mails: readonly SampleMail[], template: string, side?: Side): SampleMail {
  const mail = mails.find((each) => each.template === template && (side === undefined || each.side === side));
  if (!mail) throw new Error(`There is no sample of ${template}`);
  return mail;
}
