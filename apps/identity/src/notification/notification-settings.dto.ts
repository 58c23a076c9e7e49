import { z } from 'zod';
import { OPTIONAL_TEMPLATES, type OptionalTemplate } from './domain/notification.js';

const mail = (description: string) => z.boolean().meta({ description });

export const NotificationSettings = z
  .strictObject({
    checkInReminder: mail('The day before a stay begins'),
    reviewReminder: mail('After a stay, as long as it may be reviewed'),
    reviewPublished: mail('When a review of you or your listing can be read'),
    newMessage: mail('When a guest or host has written to you').default(true),
  })
  .meta({ id: 'NotificationSettings', description: 'Which of the mails that you can do without are sent' });
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
