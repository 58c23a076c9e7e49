import type { MailLocale } from '@roost/contracts';
import { english } from './en.js';
import { french } from './fr.js';
import type { NotificationTexts } from './language.js';

export const notificationTexts: Record<MailLocale, NotificationTexts> = { en: english, fr: french };
