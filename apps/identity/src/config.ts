import { RateLimitConfig } from '@roost/http';
import type { Config } from '@roost/platform';
import { ClientUrls, isOrigin, RANDOM } from '@roost/platform/start';
import { z } from 'zod';
import { OidcProviders, usesHttpsOnly } from './oidc/oidc-providers.js';
import { PhoneCountries } from './phone/phone-number.js';

/** Without `requireTLS`, a connection to `smtp:` stays unencrypted if anyone on the way removes STARTTLS. */
const isEncrypted = (value: unknown): boolean => {
  const { protocol, searchParams } = new URL(String(value));
  return protocol === 'smtps:' || searchParams.get('requireTLS') === 'true';
};

/** The origin of an Android app, by the hash of its signing certificate. */
const ANDROID_ORIGIN = /^android:apk-key-hash:[A-Za-z0-9_-]{43}$/;

export const IdentityConfig = z.object({
  JWT_PRIVATE_KEY: z
    .string()
    .regex(/^-----BEGIN (RSA )?PRIVATE KEY-----/)
    .optional()
    .meta({ description: 'an RSA private key of at least 2048 bits in PEM (openssl genrsa 2048)' }),
  MAILER: z
    .enum(['inbox', 'smtp'])
    .default('inbox')
    .meta({ description: 'inbox (development) or smtp', notInProduction: ['inbox'] }),
  SMTP_URL: z
    .url({ protocol: /^smtps?$/ })
    .optional()
    .meta({
      description: 'a URL such as smtps://user:password@mail.example.com',
      production: {
        required: true,
        accepts: isEncrypted,
        rule: 'an smtps URL, or an smtp URL with ?requireTLS=true: mails contain links that give access',
      },
    }),
  MAIL_FROM: z
    .string()
    .min(3)
    .default('Roost <no-reply@roost.example>')
    .meta({ description: 'the sender of mails, such as Roost <no-reply@example.com>' }),
  SMS_WEBHOOK_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .meta({
      description:
        'the http(s) URL that receives each text message (docs/mails.md), in production an https URL',
      requires: (value: unknown) => (value === undefined ? [] : ['SMS_WEBHOOK_SECRET', 'SMS_COUNTRIES']),
      production: { accepts: (value: unknown) => String(value).startsWith('https:'), rule: 'an https URL' },
    }),
  SMS_WEBHOOK_SECRET: z.string().min(32).optional().meta({
    description:
      'a secret of at least 32 characters (openssl rand -base64 32), which signs the text messages',
    production: RANDOM,
  }),
  SMS_COUNTRIES: PhoneCountries.optional().meta({
    description:
      'a comma-separated list of the countries to whose numbers text messages are sent, such as FR,US; required with SMS_WEBHOOK_URL',
  }),
  SMS_PER_DAY: z.coerce.number().int().min(1).max(1_000_000).default(1000).meta({
    description: 'the number of text messages to all users in 24 hours; no code is sent above it',
  }),
  CLIENT_URLS: ClientUrls,
  REVIEW_WINDOW_DAYS: z.coerce.number().int().min(1).max(365).default(14).meta({
    description:
      'the number of days after check-out in which both sides can write a review; mails state its end',
  }),
  REPORTS_PER_DAY: z.coerce
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(20)
    .meta({ description: 'the number of reports (`POST /v1/reports`) that a user can make in 24 hours' }),
  REPORT_RETENTION_DAYS: z.coerce.number().int().min(30).max(36_500).default(730).meta({
    description:
      'the number of days after its decision for which the texts of a report are stored, from 30 to 36500',
  }),
  PASSKEY_RP_ID: z
    .string()
    .regex(/^(?=.{1,253}$)[a-z\d]+(?:(?:\.|-+)[a-z\d]+)*$/)
    .optional()
    .meta({
      description:
        'the domain that passkeys are created for, such as example.com: they work on its pages and those of its subdomains; the host of PUBLIC_URL by default. After a change, the existing passkeys do not work',
    }),
  PASSKEY_RP_NAME: z
    .string()
    .min(1)
    .max(64)
    .default('Roost')
    .meta({ description: 'the name that a browser shows when a passkey is created, at most 64 characters' }),
  PASSKEY_ORIGINS: z
    .string()
    .default('')
    .transform((list) => list.split(',').flatMap((entry) => entry.trim() || []))
    .refine((origins) => origins.every((origin) => isOrigin(origin) || ANDROID_ORIGIN.test(origin)))
    .meta({
      description:
        'a comma-separated list of the exact origins whose pages and apps use passkeys, such as https://app.example.com or android:apk-key-hash:…; the origin of PUBLIC_URL by default (development also allows localhost)',
    }),
  OIDC_PROVIDERS: OidcProviders.meta({
    description:
      'a JSON array of the OpenID Connect providers that log in (docs/production.md): id, name, issuer, clientId, clientSecret, redirectUris and optionally scopes; ids and issuers distinct',
    production: { accepts: usesHttpsOnly, rule: 'a list whose URLs are all https URLs' },
  }),
  ...RateLimitConfig.shape,
  ROOST_DEMO: z
    .enum(['on', 'accounts', 'off'])
    .default('off')
    .meta({
      description:
        'on (demo accounts and, in the standalone process, demo data; the default there), accounts or off',
      notInProduction: ['on', 'accounts'],
    }),
});

export type IdentityConfig = Config<typeof IdentityConfig>;
