import { randomUUID } from 'node:crypto';
import { eventually, expectProblem, testUser } from '@roost/testing';
import Stripe from 'stripe';
import { sign, STRIPE_WEBHOOK_SECRET } from '@roost/testing/fake-stripe';
import { startPayments } from './payments.fixture.js';
import { StripePayments } from './stripe.fixture.js';

const OLD_SECRET = 'whsec_before_the_rotation';
const now = () => Math.floor(Date.now() / 1_000);

describe('POST /v1/webhooks/stripe', () => {
  let payments: StripePayments;
  beforeAll(async () => {
    payments = await StripePayments.start({
      PAYMENT_CHECK_SECONDS: '3600',
      STRIPE_WEBHOOK_SECRET: `${STRIPE_WEBHOOK_SECRET},${OLD_SECRET}`,
    });
  });
  afterAll(() => payments.close());

  const send = (raw: string, signature?: string) =>
    payments.service.anonymous.post(
      '/v1/webhooks/stripe',
      raw,
      signature === undefined ? {} : { 'stripe-signature': signature },
    );
  const stored = (id: string) =>
    payments.service.query<{ subject: string | null; ref: string | null; outcome: string | null }>(
      'SELECT subject, ref, outcome FROM webhook_event WHERE id = $1',
      [id],
    );
  const anEvent = (type: string, object: object = {}, more: object = {}) => {
    const id = `evt_${randomUUID()}`;
    return { id, raw: JSON.stringify({ id, object: 'event', type, data: { object }, ...more }) };
  };

  describe('200', () => {
    test('applies the state of Stripe, not the content of the event', async () => {
      const guest = testUser();
      const { payment } = await payments.givenPayment({ guest });
      const { id } = payments.stripe.intentOf(payment.id);
      const forged = anEvent('payment_intent.succeeded', {
        id,
        object: 'payment_intent',
        status: 'succeeded',
        amount_received: 1,
        metadata: { paymentId: payment.id },
      });
      expect((await send(forged.raw, sign(forged.raw))).status).toBe(200);
      await eventually(async () => expect(await stored(forged.id)).toMatchObject([{ outcome: 'applied' }]));
      expect(await payments.statusOf(guest, payment.id)).toBe('requires_payment_method');
      payments.stripe.account.confirm(id, { payment_method: 'pm_card_visa' });
      await payments.becomes(guest, payment.id, 'captured');
    });

    test.each([
      ['payment_intent.canceled', { id: 'pi_1', object: 'payment_intent', metadata: {} }, 'payment', 'pi_1'],
      ['charge.refunded', { id: 'ch_1', object: 'charge', payment_intent: 'pi_2' }, 'payment', 'pi_2'],
      ['charge.refund.updated', { id: 're_1', object: 'refund', payment_intent: 'pi_3' }, 'payment', 'pi_3'],
      ['refund.failed', { id: 're_2', object: 'refund', payment_intent: 'pi_4' }, 'payment', 'pi_4'],
      [
        'charge.dispute.created',
        { id: 'du_1', object: 'dispute', payment_intent: 'pi_5' },
        'dispute',
        'du_1',
      ],
      ['transfer.reversed', { id: 'tr_1', object: 'transfer', metadata: {} }, 'transfer', 'tr_1'],
      ['charge.refunded', { id: 'ch_2', object: 'charge', payment_intent: null }, null, null],
      ['payout.paid', { id: 'po_1', object: 'payout' }, null, null],
      ['charge.refund.updated', { id: 'du_2', object: 'dispute' }, null, null],
    ])('%s of %j has the subject %s', async (type, object, subject, ref) => {
      const event = anEvent(type, object);
      expect((await send(event.raw, sign(event.raw))).status).toBe(200);
      expect(await stored(event.id)).toMatchObject([{ subject, ref }]);
    });

    test('ignores the events of connected accounts and thin events', async () => {
      const object = { id: 'pi_6', object: 'payment_intent' };
      const connected = anEvent('payment_intent.succeeded', object, { account: 'acct_1' });
      const id = `evt_${randomUUID()}`;
      const thin = {
        id,
        raw: JSON.stringify({ id, object: 'v2.core.event', type: 'v1.billing.meter.error' }),
      };
      for (const event of [connected, thin]) {
        expect((await send(event.raw, sign(event.raw))).status).toBe(200);
        expect(await stored(event.id)).toMatchObject([{ subject: null }]);
      }
    });

    test('accepts the signatures of Stripe’s library, several signatures, and both secrets of a rotation', async () => {
      const { raw } = anEvent('balance.available');
      const old = sign(raw, { secret: OLD_SECRET });
      const [, v1] = sign(raw).split(',');
      for (const signature of [
        Stripe.webhooks.generateTestHeaderString({ payload: raw, secret: STRIPE_WEBHOOK_SECRET }),
        old,
        `${sign(raw, { secret: 'whsec_of_another_endpoint' })},${v1}`,
        `${sign(raw)},v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39`,
        sign(raw, { at: now() - 290 }),
      ]) {
        expect((await send(raw, signature)).status).toBe(200);
      }
    });
  });

  describe('400 webhook.bad_signature, and nothing is stored', () => {
    test.each<[string, (raw: string) => string | undefined]>([
      ['no signature', () => undefined],
      ['an empty signature', () => ''],
      ['another secret', (raw) => sign(raw, { secret: 'whsec_another' })],
      ['another body', (raw) => sign(`${raw} `)],
      ['too old', (raw) => sign(raw, { at: now() - 301 })],
      ['from the future', (raw) => sign(raw, { at: now() + 302 })],
      [
        'a time that is not signed',
        (raw) => sign(raw, { at: now() - 1_000 }).replace(/^t=\d+/, `t=${now()}`),
      ],
      ['only the scheme of test events', (raw) => sign(raw).replace('v1=', 'v0=')],
      ['a signature without a value', () => `t=${now()},v1=`],
      ['a signature without an equals sign', () => `t=${now()},v1`],
      ['no time', (raw) => sign(raw).replace(/^t=\d+,/, '')],
    ])('%s', async (_name, signature) => {
      const event = anEvent('payment_intent.succeeded');
      expectProblem(await send(event.raw, signature(event.raw)), 400, 'webhook.bad_signature');
      expect(await stored(event.id)).toEqual([]);
    });
  });

  test.each(['{"id":', '[1]', '{"type":"payment_intent.succeeded"}'])(
    '400 request.invalid for %s with a valid signature',
    async (raw) => {
      expectProblem(await send(raw, sign(raw)), 400, 'request.invalid');
    },
  );

  test('404 where Stripe is not enabled', async () => {
    const sandbox = await startPayments();
    try {
      const { raw } = anEvent('payment_intent.succeeded');
      const headers = { 'stripe-signature': sign(raw) };
      expectProblem(
        await sandbox.service.anonymous.post('/v1/webhooks/stripe', raw, headers),
        404,
        'route.not_found',
      );
    } finally {
      await sandbox.close();
    }
  });
});

test('a start with Stripe names the missing variables', async () => {
  await expect(StripePayments.start({ STRIPE_SECRET_KEY: '', STRIPE_WEBHOOK_SECRET: '' })).rejects.toThrow(
    /^STRIPE_SECRET_KEY is missing: .*\nSTRIPE_WEBHOOK_SECRET is missing: .*\(PAYMENT_PROVIDERS requires it\)\.$/,
  );
});
