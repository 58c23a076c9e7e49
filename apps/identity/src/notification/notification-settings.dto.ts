import { z } from 'zod';
import { OPTIONAL_TEMPLATES, type OptionalTemplate } from './domain/notification.js';

const mail = (description: string) => z.boolean().meta({ description });

export const NotificationSettings = z
  .strictObject({
    checkInReminder: mail('The day before check-in'),
    reviewReminder: mail('The day after check-out, while a review is possible'),
    reviewPublished: mail('When a review of you or your listing is published'),
    newMessage: mail('When a guest or host sends you a message').default(true),
  })
  .meta({ id: 'NotificationSettings', description: 'Which of the optional mails are sent to you' });
export type NotificationSettings = z.output<typeof NotificationSettings>;

const fields = {
  'check-in-reminder': 'checkInReminder',
  'review-reminder': 'reviewReminder',
  'review-published': 'reviewPublished',
  'message-received': 'newMessage',
} as const satisfies Record<OptionalTemplate, keyof NotificationSettings>;

export const toSettings = (muted: readonly OptionalTemplate[]): NotificationSettings => ({
  checkInReminder: !muted.includes('check-in-reminder'),
  reviewReminder: !muted.includes('review-reminder'),
  reviewPublished: !muted.includes('review-published'),
  newMessage: !muted.includes('message-received'),
});

export const toMuted = (settings: NotificationSettings): OptionalTemplate[] =>
  OPTIONAL_TEMPLATES.filter((template) => !settings[fields[template]]);
