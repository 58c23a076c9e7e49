import { jest } from '@jest/globals';
import { payments } from '@roost/app-payments';
import { freshDatabase, randomSuffix, startTestService, type TestService } from '@roost/testing';
import { runCommand } from './run-command.js';

const environment = { ...process.env };
let service: TestService;
let printed: string[];
beforeAll(async () => {
  const databaseUrl = await freshDatabase('roost_payments', randomSuffix());
  service = await startTestService(payments, { env: { DATABASE_URL: databaseUrl } });
  process.env.DATABASE_URL = databaseUrl.replace('roost_payments', 'roost_{service}');
});
beforeEach(() => {
  printed = [];
  for (const method of ['log', 'error'] as const)
    jest.spyOn(console, method).mockImplementation((text: string) => void printed.push(text));
});
afterAll(async () => {
  process.env = environment;
  await service.close();
});

const accept = () => runCommand(['restore', 'accept', '--reason', 'The host was paid by hand', '--yes']);
const restorations = () => service.query('SELECT ended_because FROM restoration ORDER BY position');
const recorded = () =>
  service.query(
    "SELECT admin_id, subject_id, reason, details FROM admin_action WHERE action = 'restoration.accept'",
  );

test('restore accept lets payouts continue, and is in the audit log', async () => {
  expect(await accept()).toBe(1);
  expect(printed).toEqual(['Payouts do not wait for a restore.']);
  expect(await recorded()).toEqual([]);

  await service.query(
    "INSERT INTO restoration (restored_to, restored_at) VALUES ('2027-05-01T13:00:00Z', now())",
  );
  expect(await accept()).toBe(0);
  expect(await restorations()).toEqual([{ ended_because: 'The host was paid by hand' }]);
  expect(await recorded()).toEqual([
    {
      admin_id: null,
      subject_id: 'payments',
      reason: 'The host was paid by hand',
      details: { restoredTo: ['2027-05-01T13:00:00.000Z'] },
    },
  ]);

  expect(await accept()).toBe(1);
  expect(await recorded()).toHaveLength(1);
});
