import { jest } from '@jest/globals';
import { listings } from '@roost/app-listings';
import { payments } from '@roost/app-payments';
import { freshDatabase, randomSuffix, startTestService, type TestService } from '@roost/testing';
import { runCommand } from './run-command.js';

/** Commands whose effect spans many transactions. Those of replays are tested in apps/standalone. */

const environment = { ...process.env };
let services: { listings: TestService; payments: TestService };
let printed: string[];
beforeAll(async () => {
  const suffix = randomSuffix();
  const databaseOf = async (service: string) => ({
    DATABASE_URL: await freshDatabase(`roost_${service}`, suffix),
  });
  const env = { listings: await databaseOf('listings'), payments: await databaseOf('payments') };
  process.env.DATABASE_URL = env.payments.DATABASE_URL.replace('roost_payments', 'roost_{service}');
  services = {
    listings: await startTestService(listings, { env: env.listings }),
    payments: await startTestService(payments, { env: env.payments }),
  };
});
beforeEach(() => {
  printed = [];
  for (const method of ['log', 'error'] as const)
    jest.spyOn(console, method).mockImplementation((text: string) => void printed.push(text));
});
afterAll(async () => {
  process.env = environment;
  await Promise.all(Object.values(services).map((service) => service.close()));
});

const recorded = (service: TestService, action: string) =>
  service.query('SELECT admin_id, subject_id, reason, details FROM admin_action WHERE action = $1', [action]);

test('restore accept lets payouts continue, and is in the audit log', async () => {
  const service = services.payments;
  const accept = () => runCommand(['restore', 'accept', '--reason', 'The host was paid by hand', '--yes']);
  expect(await accept()).toBe(1);
  expect(printed).toEqual(['Payouts do not wait for a restore.']);
  expect(await recorded(service, 'restoration.accept')).toEqual([]);

  await service.query(
    "INSERT INTO restoration (restored_to, restored_at) VALUES ('2027-05-01T13:00:00Z', now())",
  );
  expect(await accept()).toBe(0);
  expect(await service.query('SELECT ended_because FROM restoration')).toEqual([
    { ended_because: 'The host was paid by hand' },
  ]);
  expect(await recorded(service, 'restoration.accept')).toEqual([
    {
      admin_id: null,
      subject_id: 'payments',
      reason: 'The host was paid by hand',
      details: { restoredTo: ['2027-05-01T13:00:00.000Z'] },
    },
  ]);

  expect(await accept()).toBe(1);
  expect(await recorded(service, 'restoration.accept')).toHaveLength(1);
});

test('search rebuild is in the audit log', async () => {
  expect(await runCommand(['search', 'rebuild'])).toBe(0);
  expect(await recorded(services.listings, 'search.rebuild')).toEqual([
    { admin_id: null, subject_id: 'listings', reason: 'roost search rebuild', details: {} },
  ]);
});
