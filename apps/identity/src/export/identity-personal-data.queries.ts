import { sql } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { type ExportSection, PersonalData } from '@roost/accounts';

/** The first records of the file describe all of it. */
const ABOUT = [
  {
    text: 'All data that this marketplace holds about you, one object per service. Dates and times are in UTC, amounts in minor units of their currency (cents). Passwords, codes and tokens are not included, nor data that only others may see.',
    identity:
      'Your account with its profile and phone number, sessions, log, authenticators, passkeys, linked accounts of providers, settings, notifications, reports and mails',
    listings: 'Your listings and wishlists',
    bookings: 'Your bookings as a guest and as a host, messages, calendars',
    payments: 'Your payments, refunds, payouts and receipts',
    reviews: 'The reviews that you wrote, and the published ones about you and your listings',
  },
];

@Injectable()
export class IdentityPersonalData extends PersonalData {
  sections(userId: string): ExportSection[] {
    return [
      { name: 'about', rows: sql`SELECT 1`, view: () => ABOUT },
      {
        name: 'account',
        rows: sql`SELECT id, email, display_name AS "displayName", avatar_id AS "avatarId", bio, languages, phone, locale,
          roles, status, mfa_enabled AS "mfaEnabled", email_verified_at AS "emailVerifiedAt", created_at AS "createdAt"
          FROM user_account WHERE id = ${userId}`,
      },
      {
        name: 'sessions',
        rows: sql`SELECT id, user_agent AS "userAgent", network, method, mfa_passed AS "mfaPassed", created_at AS "createdAt",
          last_used_at AS "lastUsedAt", expires_at AS "expiresAt", revoked_at AS "revokedAt", revoked_for AS "revokedFor"
          FROM session WHERE user_id = ${userId} ORDER BY id`,
      },
      {
        name: 'log',
        rows: sql`SELECT id, at, action, actor, session_id AS "sessionId", network, user_agent AS "userAgent", details
          FROM account_log_entry WHERE user_id = ${userId} ORDER BY id`,
      },
      {
        name: 'authenticators',
        rows: sql`SELECT created_at AS "createdAt", confirmed_at AS "confirmedAt" FROM totp_factor
          WHERE user_id = ${userId}`,
      },
      {
        name: 'passkeys',
        rows: sql`SELECT id, name, created_at AS "createdAt", last_used_at AS "lastUsedAt" FROM passkey
          WHERE user_id = ${userId} ORDER BY id`,
      },
      {
        name: 'identities',
        rows: sql`SELECT id, issuer, subject, email, created_at AS "createdAt", last_used_at AS "lastUsedAt"
          FROM external_identity WHERE user_id = ${userId} ORDER BY id`,
      },
      {
        name: 'emailChanges',
        rows: sql`SELECT new_email AS "newEmail", created_at AS "createdAt" FROM email_change
          WHERE user_id = ${userId}`,
      },
      {
        name: 'notificationSettings',
        rows: sql`SELECT muted FROM notification_setting WHERE user_id = ${userId}`,
      },
      {
        name: 'notifications',
        rows: sql`SELECT id, template, side, booking_id AS "bookingId", facts, outcome, created_at AS "createdAt",
          due_at AS "dueAt" FROM notification WHERE user_id = ${userId} ORDER BY id`,
      },
      {
        name: 'reports',
        rows: sql`SELECT id, subject_type AS "subjectType", subject_id AS "subjectId", reason, text, status,
          created_at AS "createdAt" FROM report WHERE reporter_id = ${userId} ORDER BY id`,
      },
      {
        // Without texts, which contain codes. The recipient is the first of `about`.
        name: 'mails',
        rows: sql`SELECT id, recipient, template, subject, created_at AS "createdAt", sent_at AS "sentAt" FROM mail
          WHERE about @> ARRAY[${userId}]::uuid[] AND about[1] = ${userId} ORDER BY id`,
      },
    ];
  }
}
