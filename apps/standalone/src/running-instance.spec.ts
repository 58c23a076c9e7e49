import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { claimFolder } from '@roost/embedded';
import { addressesFrom } from './environment.js';
import { runningInstance, storeInstance } from './running-instance.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'roost-instance-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const store = (env: Record<string, string> = {}) =>
  storeInstance(
    {
      env,
      secrets: { ENCRYPTION_KEY: 'a secret' },
      addresses: addressesFrom(env),
      dataDir: folder,
      databaseUrl: () => 'postgresql://u:password@localhost/x',
      redisUrl: 'redis://:password@localhost',
      kafkaBrokers: null,
    },
    [
      { name: 'gateway', url: 'http://127.0.0.1:4100' },
      { name: 'payments', url: 'http://127.0.0.1:4104' },
      { name: 'sandbox provider', url: 'http://127.0.0.1:4110' },
    ],
  );

test('finds the ports and the provider of the process that has the folder, and no secret', () => {
  const claim = claimFolder(folder);
  store({ PAYMENT_PROVIDERS: 'sandbox' });
  const settings = runningInstance(folder);
  expect(settings).toMatchObject({
    PORT: '4100',
    PAYMENTS_URL: 'http://127.0.0.1:4104',
    SANDBOX_URL: 'http://127.0.0.1:4110',
    PAYMENT_PROVIDERS: 'sandbox',
  });
  expect(JSON.stringify(settings)).not.toMatch(/secret|password/);
  claim.release();
});

test('finds nothing if no process has the folder, or another one wrote the file', () => {
  store();
  expect(runningInstance(folder)).toBeNull();
  const claim = claimFolder(folder);
  writeFileSync(join(folder, 'running.json'), JSON.stringify({ pid: process.pid + 1, settings: {} }));
  expect(runningInstance(folder)).toBeNull();
  claim.release();
});
