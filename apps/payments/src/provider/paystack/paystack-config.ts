import type { Tracing } from '@roost/tracing';
import { z } from 'zod';
import { isSafeAddress } from '../safe-address.js';
import { requiredSetting } from '../required-setting.js';
import type { PaystackOptions } from './paystack-provider.js';

export const paystackSettings = {
  PAYSTACK_SECRET_KEY: z
    .string()
    .regex(/^sk_(test|live)_\w{16,200}$/)
    .optional()
    .meta({ description: 'the secret key of a Paystack account (sk_live_… or sk_test_…)' }),
  PAYSTACK_API_URL: z
    .url({ protocol: /^https?$/ })
    .default('https://api.paystack.co')
    .transform((url) => url.replace(/\/+$/, ''))
    .meta({
      description: 'the http(s) address of the API of Paystack',
      production: {
        accepts: isSafeAddress,
        rule: 'an https address, because every request contains the secret key',
      },
    }),
  PAYSTACK_CUSTOMER_EMAIL_DOMAIN: z
    .string()
    .max(200)
    .regex(/^(?:[a-z\d](?:[a-z\d-]*[a-z\d])?\.)+[a-z]{2,}$/)
    .optional()
    .meta({
      description:
        'a domain of yours that accepts no mail, such as no-mail.example.com: Paystack requires an email address of each guest and gets a placeholder',
    }),
};

type PaystackSettings = z.output<z.ZodObject<typeof paystackSettings>>;

export const paystackOptions = (
  config: PaystackSettings & { PROVIDER_TIMEOUT_SECONDS: number },
  tracing: Tracing,
): PaystackOptions => ({
  url: config.PAYSTACK_API_URL,
  secretKey: requiredSetting('PAYSTACK_SECRET_KEY', config.PAYSTACK_SECRET_KEY),
  customerEmailDomain: requiredSetting(
    'PAYSTACK_CUSTOMER_EMAIL_DOMAIN',
    config.PAYSTACK_CUSTOMER_EMAIL_DOMAIN,
  ),
  timeoutSeconds: config.PROVIDER_TIMEOUT_SECONDS,
  tracing,
});
