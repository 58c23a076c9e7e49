import { createHmac } from 'node:crypto';
import { readStripeWebhook } from './stripe-webhook.js';

const SECRET = 'whsec_of_this_spec';
const NOW = new Date('2030-05-10T12:00:00.000Z');

function read(event: object) {
  const raw = JSON.stringify({ id: 'evt_1', object: 'event', ...event });
  const at = NOW.getTime() / 1_000;
  const v1 = createHmac('sha256', SECRET).update(`${at}.${raw}`).digest('hex');
  return readStripeWebhook(Buffer.from(raw), `t=${at},v1=${v1}`, [SECRET], NOW);
}

test.each([
  ['usd', 27_280, { amountMinor: 27_280, currency: 'USD' }],
  ['jpy', 15_000, { amountMinor: 15_000, currency: 'JPY' }],
  ['isk', 500_000, { amountMinor: 5_000, currency: 'ISK' }],
])('an event in %s reports the amount of the payment', (currency, amount, reported) => {
  const object = { id: 'pi_1', object: 'payment_intent', amount, currency };
  expect(read({ type: 'payment_intent.succeeded', data: { object } })).toMatchObject({
    ref: 'pi_1',
    reported,
  });
});

test('an event of a refund reports no amount of the payment', () => {
  const object = { id: 're_1', object: 'refund', amount: 100, currency: 'usd', payment_intent: 'pi_1' };
  expect(read({ type: 'refund.updated', data: { object } })).toMatchObject({ ref: 'pi_1', reported: null });
});

test.each([
  [true, 'live'],
  [false, 'test'],
  [undefined, null],
])('an event with livemode %s belongs to the account %s', (livemode, account) => {
  expect(read({ type: 'balance.available', livemode, data: { object: {} } })).toMatchObject({ account });
});

// https://docs.stripe.com/webhooks#verify-manually: the signed payload is the time, a dot and the raw body.
test('verifies the signature with the clock of the caller', () => {
  const raw = Buffer.from('{"id":"evt_1","object":"event","type":"balance.available"}');
  const at = 1_492_774_577;
  const v1 = createHmac('sha256', SECRET).update(`${at}.${raw.toString()}`).digest('hex');
  const header = `t=${at},v1=${v1},v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39`;
  const readAt = (seconds: number) =>
    readStripeWebhook(raw, header, [SECRET], new Date((at + seconds) * 1_000));
  expect(readAt(300)).toMatchObject({ id: 'evt_1' });
  expect(readAt(301)).toBeNull();
  expect(readAt(-300)).toMatchObject({ id: 'evt_1' });
  expect(readAt(-301)).toBeNull();
});
