import { jest } from '@jest/globals';
import { aPublishedListing, eventually, TestClient } from '@roost/testing';
import { freshEnvironment, run, stopAll } from './launcher.js';
import { dayAhead } from './marketplace.fixture.js';

jest.setTimeout(300_000);
afterAll(stopAll);

test('a hit has the total of the price of the same stay, with the configured fee', async () => {
  const env = await freshEnvironment();
  const settings = { GUEST_FEE_BPS: '1234', RATE_LIMIT_PER_MINUTE: '0', LOG_LEVEL: 'error' };
  await run({ ...env, ...settings }).prints('Roost is ready');
  const anyone = new TestClient(`http://127.0.0.1:${env.PORT}`);
  const made = await anyone.post<{ accessToken: string }>('/dev/users', {
    roles: ['guest', 'host'],
    emailVerified: true,
  });
  const id = await aPublishedListing(anyone.with({ authorization: `Bearer ${made.body.accessToken}` }));
  const [checkIn, checkOut] = [dayAhead(20), dayAhead(25)];

  // The listing reaches bookings by event.
  const price = await eventually(
    async () => {
      const response = await anyone.post<{
        totalMinor: number;
        lines: { kind: string; amountMinor: number }[];
      }>(`/v1/listings/${id}/price`, { checkInDate: checkIn, checkOutDate: checkOut, guests: { adults: 2 } });
      expect(response.status).toBe(200);
      return response.body;
    },
    { seconds: 60 },
  );
  const found = await anyone.get<{ data: { stay: unknown }[] }>(
    `/v1/listings/search?ids=${id}&checkIn=${checkIn}&checkOut=${checkOut}&guests=2`,
  );
  expect(found.body.data).toMatchObject([{ stay: { nights: 5, totalMinor: price.totalMinor } }]);
  // The price has the fee of the setting, not the default.
  const amount = (kinds: string[]) =>
    price.lines.filter(({ kind }) => kinds.includes(kind)).reduce((sum, line) => sum + line.amountMinor, 0);
  const base = amount(['night', 'discount', 'extra_guest', 'cleaning']);
  expect(Math.abs(amount(['service_fee']) - base * 0.1234)).toBeLessThanOrEqual(0.5);
});
