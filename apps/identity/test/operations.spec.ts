import { randomUUID } from 'node:crypto';
import { expectProblem, OPERATIONS_ROUTES } from '@roost/testing';
import { startIdentity, type TestIdentity } from './identity.fixture.js';

let identity: TestIdentity;
beforeAll(async () => {
  identity = await startIdentity();
});
afterAll(() => identity.close());

it('rejects an administrator whose session has ended at each route over events and jobs', async () => {
  const client = identity.with((await identity.createUser({ roles: ['admin'] })).accessToken);
  const send = (route: string) => {
    const [method = '', path = ''] = route.replace('{id}', randomUUID()).split(' ');
    const body = { reason: 'A test', ...(route.includes('{id}') ? {} : { all: true }) };
    return client.send(method, `${path}?service=identity`, method === 'POST' ? body : undefined);
  };
  for (const route of OPERATIONS_ROUTES) expect([200, 202, 404]).toContain((await send(route)).status);
  await client.post('/v1/auth/logout');
  for (const route of OPERATIONS_ROUTES) expectProblem(await send(route), 401, 'auth.invalid_token');
});
