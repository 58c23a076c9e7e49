import { randomBytes } from 'node:crypto';
import { createLogger } from '@roost/platform';
import { defineService, startService } from '@roost/service';
import { startTestService, type TestService } from '@roost/testing';
import { notes } from './notes/src/service.js';

let service: TestService;

beforeAll(async () => {
  service = await startTestService(notes);
});
afterAll(() => service?.close());

/** The warnings of a public service that receives two requests of a proxy on this machine. */
async function warnings(env: Record<string, string>): Promise<object[]> {
  const lines: string[] = [];
  const logger = createLogger('notes', 'warn', { write: (line: string) => void lines.push(line) });
  const open = defineService({ ...notes, http: { public: true, metricsPort: 0 } });
  const running = await startService(open, { env: { ...service.env, ...env }, bus: service.bus, logger });
  for (const client of ['203.0.113.7', '203.0.113.8']) {
    const response = await fetch(`${running.url}/health/live`, { headers: { 'x-forwarded-for': client } });
    expect(response.status).toBe(200);
  }
  expect((await fetch(`${running.url}/health/live`)).status).toBe(200);
  await running.close();
  return lines
    .map((line) => JSON.parse(line) as { msg: string; peer?: string })
    .filter(({ msg }) => msg.startsWith('X-Forwarded-For ignored'))
    .map(({ msg, peer }) => ({ peer, namesSetting: msg.includes('TRUSTED_PROXIES') }));
}

const production = {
  ROOST_ENV: 'production',
  PUBLIC_URL: 'https://roost.example.com',
  ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  BIND_HOST: '127.0.0.1',
};

test('production warns once of a proxy that TRUSTED_PROXIES does not name', async () => {
  const warning = { peer: '127.0.0.1', namesSetting: true };
  expect(await warnings(production)).toEqual([warning]);
  expect(await warnings({ ...production, TRUSTED_PROXIES: '10.0.0.0/8' })).toEqual([warning]);
});

test('does not warn of a trusted proxy, nor in development', async () => {
  expect(await warnings({ ...production, TRUSTED_PROXIES: '127.0.0.1' })).toEqual([]);
  expect(await warnings({ ROOST_ENV: 'development' })).toEqual([]);
});
