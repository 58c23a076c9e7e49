import { jest } from '@jest/globals';
import { eventually, TestClient, TestEventStream } from '@roost/testing';
import { freshEnvironment, run, stopAll } from './launcher.js';
import { Marketplace } from './marketplace.fixture.js';

jest.setTimeout(300_000);
afterAll(stopAll);

test('a client that was disconnected receives what it has missed, once and in order, through the gateway', async () => {
  const env = await freshEnvironment();
  await run({ ...env, RATE_LIMIT_PER_MINUTE: '0', LOG_LEVEL: 'error' }).prints('Roost is ready');
  const url = `http://127.0.0.1:${env.PORT}`;
  const anyone = new TestClient(url);
  const market = await Marketplace.prepare(anyone);
  const { body } = await anyone.post<{ accessToken: string }>('/v1/auth/login', market.guestCredentials);
  const follow = (headers: Record<string, string> = {}) =>
    TestEventStream.open(`${url}/v1/me/events`, { authorization: `Bearer ${body.accessToken}`, ...headers });

  const first = await follow();
  expect(await first.next()).toMatchObject({ event: 'ready' });
  const { booking, payment } = await market.book();
  const created = await first.next();
  expect(created).toMatchObject({
    event: 'booking.created',
    data: { bookingId: booking.id, listingId: booking.listingId, state: 'pending_payment' },
  });
  first.close();

  // Missed: the confirmation and a message.
  expect((await market.confirm(payment.id, 'pm_card_visa')).status).toBe(200);
  await market.becomes(booking.id, 'confirmed');
  await eventually(
    async () => {
      const sent = await market.host.post(`/v1/threads/${booking.id}/messages`, { text: 'Welcome' });
      expect(sent.status).toBe(201);
    },
    { seconds: 60 },
  );

  const second = await follow({ 'last-event-id': created?.id ?? '' });
  const missed = [await second.next(), await second.next()];
  expect(missed).toMatchObject([
    { event: 'booking.confirmed', data: { bookingId: booking.id, state: 'confirmed' } },
    { event: 'message.sent', data: { bookingId: booking.id } },
  ]);
  second.close();

  const third = await follow({ 'last-event-id': missed[0]?.id ?? '' });
  expect(await third.next()).toEqual(missed[1]);
  third.close();
  // An id that is not of this database: the client is to read everything again.
  const lost = await follow({ 'last-event-id': '999999999-1' });
  expect(await lost.next()).toMatchObject({ event: 'resync' });
  lost.close();
});
