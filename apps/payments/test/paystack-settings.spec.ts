import { startTestService } from '@roost/testing';
import { payments } from '../src/service.js';
import { SECRET_KEY } from './fake-paystack/fake-paystack.js';

describe('the settings of Paystack', () => {
  const complete = {
    PAYMENT_PROVIDERS: 'paystack',
    PAYSTACK_SECRET_KEY: SECRET_KEY,
    PAYSTACK_CUSTOMER_EMAIL_DOMAIN: 'no-mail.example.com',
  };

  test.each<[string, Record<string, string>, RegExp]>([
    [
      'no key',
      { ...complete, PAYSTACK_SECRET_KEY: '' },
      /^PAYSTACK_SECRET_KEY is missing: .* \(PAYMENT_PROVIDERS requires it\)/,
    ],
    [
      'no domain',
      { ...complete, PAYSTACK_CUSTOMER_EMAIL_DOMAIN: '' },
      /^PAYSTACK_CUSTOMER_EMAIL_DOMAIN is missing: .* \(PAYMENT_PROVIDERS requires it\)/,
    ],
    [
      'a public key',
      { ...complete, PAYSTACK_SECRET_KEY: 'pk_test_0123456789abcdefghij' },
      /^PAYSTACK_SECRET_KEY has a value that is not allowed/,
    ],
    [
      'an address as the domain',
      { ...complete, PAYSTACK_CUSTOMER_EMAIL_DOMAIN: 'me@example.com' },
      /^PAYSTACK_CUSTOMER_EMAIL_DOMAIN is "me@example.com"/,
    ],
    ['another address', { ...complete, PAYSTACK_API_URL: 'ftp://x' }, /^PAYSTACK_API_URL is "ftp:\/\/x"/],
    ['an unknown provider', { ...complete, PAYMENT_PROVIDERS: 'paystack,paypal' }, /^PAYMENT_PROVIDERS is/],
  ])('%s: one sentence, without the key', async (_name, env, sentence) => {
    const error = await startTestService(payments, { env }).then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ name: 'StartError', message: expect.stringMatching(sentence) as string });
    expect(String(error)).not.toMatch(/_0123456789/);
  });
});
