import type { ClientPage } from '@roost/platform';
import type { ClientLinks, PageValues } from '../mail/client-links.js';
import type { MailDraft } from '../mail/language/language.js';
import { mailLocaleOf } from '../mail/language/languages.js';
import { type MailContent, renderMail } from '../mail/mail-content.js';
import type { Template } from './domain/notification.js';
import type { NotificationTexts } from './language/language.js';
import { notificationTexts } from './language/languages.js';
import { isOptional } from './notification-settings.queries.js';

/** The client's page that each mail links to. */
const PAGES: Record<Template, ClientPage> = {
  'booking-requested': 'booking',
  'booking-confirmed': 'booking',
  'booking-declined': 'booking',
  'booking-expired': 'booking',
  'booking-cancelled': 'booking',
  'booking-change-proposed': 'booking',
  'booking-change-to-pay': 'payment',
  'booking-changed': 'booking',
  'payment-failed': 'listing',
  'payment-refunded': 'booking',
  'payment-disputed': 'booking',
  'dispute-closed': 'booking',
  'check-in-reminder': 'booking',
  'review-reminder': 'review',
  'review-published': 'review',
  'message-received': 'messages',
  'feed-problem-found': 'calendar',
  'payout-paid': 'payouts',
  'payout-failed': 'payout-account',
  'payout-account-changed': 'payout-account',
};

/** After a failed payment for a change, the booking still exists. */
const pageOf = (template: Template, facts: { purpose?: unknown }): ClientPage =>
  template === 'payment-failed' && facts.purpose === 'change' ? 'booking' : PAGES[template];

export interface NotificationMail {
  template: Template;
  facts: { purpose?: unknown };
  recipient: { displayName: string; locale: string };
  /** For the link to the client's page. */
  ids: PageValues;
  draft: (texts: NotificationTexts) => MailDraft;
}

/** Renders a notification in the recipient's language. */
export function renderNotificationMail(
  { template, facts, recipient, ids, draft }: NotificationMail,
  links: Pick<ClientLinks, 'to'>,
): MailContent {
  const locale = mailLocaleOf(recipient.locale);
  return renderMail(draft(notificationTexts[locale]), {
    locale,
    name: recipient.displayName,
    url: links.to(pageOf(template, facts), ids),
    ...(isOptional(template) && { optOut: { url: links.to('notification-settings') } }),
  });
}
