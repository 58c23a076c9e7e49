import { jest } from '@jest/globals';
import { eventually, expectProblem, TestClient } from '@roost/testing';
import { downloadExport, readExport, requestExport } from './exports.fixture.js';
import { DISTRIBUTED, type Env, freshEnvironment, type Run, run, stopAll } from './launcher.js';
import { Marketplace } from './marketplace.fixture.js';

jest.setTimeout(600_000);

const STOPPED = ['payments', 'reviews'];

let roost: Run;
let market: Marketplace;
beforeAll(async () => {
  const env: Env = { ...(await freshEnvironment()), RATE_LIMIT_PER_MINUTE: '0', LOG_LEVEL: 'error' };
  roost = run(env, DISTRIBUTED);
  await roost.prints('Ctrl-C stops everything.');
  market = await Marketplace.prepare(new TestClient(`http://127.0.0.1:${env.PORT}`));
});
afterAll(async () => {
  signal('SIGCONT');
  await stopAll();
});

/** Suspends the processes of these services, or lets them run again. */
function signal(name: 'SIGSTOP' | 'SIGCONT'): void {
  for (const service of STOPPED) {
    const started = new RegExp(`${service} on port \\d+ \\(process (\\d+)\\)`).exec(roost.output());
    process.kill(Number(started?.[1]), name);
  }
}

test('services that are stopped when a guest requests an export add their parts afterwards', async () => {
  const { guest } = market;
  const { booking } = await market.bookAndPay();
  signal('SIGSTOP');
  const id = await requestExport(guest);
  await eventually(
    async () => {
      const { parts } = await readExport(guest, id);
      const pending = parts.filter(({ status }) => status === 'pending').map(({ service }) => service);
      expect(pending).toEqual(STOPPED);
    },
    { seconds: 120 },
  );
  expect(await readExport(guest, id)).toMatchObject({ status: 'pending', fileUrl: null });
  expectProblem(await guest.get(`/v1/me/exports/${id}/file`), 409, 'export.not_ready');

  signal('SIGCONT');
  const file = await downloadExport(guest, id);
  expect(file.bookings.bookings).toMatchObject([{ id: booking.id }]);
  expect(file.payments.payments).toMatchObject([{ bookingId: booking.id, status: 'captured' }]);
  expect(file.reviews.reviewsWritten).toEqual([]);
});
