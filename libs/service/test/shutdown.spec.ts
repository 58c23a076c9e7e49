import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { testUser, eventually, startTestService } from '@roost/testing';
import { startService } from '@roost/service';
import { notes } from './notes/src/service.js';

const send = (url: string, token: string, agent: Agent): Promise<number> =>
  new Promise((resolve, reject) => {
    const body = JSON.stringify({ text: 'a' });
    request(
      `${url}/v1/notes`,
      {
        method: 'POST',
        agent,
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          'content-length': body.length,
        },
      },
      (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode ?? 0));
        response.on('error', reject);
      },
    )
      .on('error', reject)
      .end(body);
  });

test('running requests finish before the pools close', async () => {
  const service = await startTestService(notes);
  const running = await startService(notes, { env: service.env, bus: service.bus });
  const user = testUser();
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const statuses: number[] = [];
  const clients = Array.from({ length: 16 }, async () => {
    // Until the port is closed: a load balancer sends later requests to another replica.
    for (;;) {
      const status = await send(running.url, user.token, agent).catch(() => null);
      if (status === null) return;
      statuses.push(status);
    }
  });
  await eventually(() => expect(statuses.length).toBeGreaterThan(100));
  await running.close();
  await Promise.all(clients);
  expect(new Set(statuses)).toEqual(new Set([201]));
  // Every stored note has a response.
  const stored = await service.query('SELECT 1 FROM note WHERE owner_id = $1', [user.id]);
  expect(stored.length).toBe(statuses.length);
  agent.destroy();
  await service.close();
});

test('a long poll ends, and a second close has no effect', async () => {
  const service = await startTestService(notes);
  const running = await startService(notes, { env: service.env, bus: service.bus });
  const user = testUser();
  const headers = { authorization: `Bearer ${user.token}`, 'content-type': 'application/json' };
  const written = await fetch(`${running.url}/v1/notes`, { method: 'POST', headers, body: '{"text":"a"}' });
  const { id } = (await written.json()) as { id: string };
  const etag = written.headers.get('etag') ?? '';
  const waiting = fetch(`${running.url}/v1/notes/${id}`, {
    headers: { ...headers, prefer: 'wait=20', 'if-none-match': etag },
  });
  await eventually(async () => {
    const { body } = await service.anonymous.get<string>('/health/live');
    expect(body).toEqual({ status: 'up' });
  });
  const startedAt = performance.now();
  await Promise.all([running.close(), running.close()]);
  expect((await waiting).status).toBe(304);
  expect(performance.now() - startedAt).toBeLessThan(10_000);
  await expect(fetch(`${running.url}/health/live`)).rejects.toThrow();
  await service.close();
});

test('a keep-alive connection accepts one more request, whose response closes it', async () => {
  const service = await startTestService(notes);
  const running = await startService(notes, { env: service.env, bus: service.bus });
  const { token } = testUser();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  expect(await send(running.url, token, agent)).toBe(201);
  const idle = Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? []);
  expect(idle).toHaveLength(1);

  const closed = running.close({ lingerMs: 60_000 });
  expect(await send(running.url, token, agent)).toBe(201);
  await eventually(() => expect(idle[0]?.destroyed).toBe(true));
  // Without open connections, the stop does not wait for the rest of the time.
  await closed;
  await expect(send(running.url, token, agent)).rejects.toThrow();
  agent.destroy();
  await service.close();
}, 30_000);

test('a stop does not wait for a connection without a request', async () => {
  const service = await startTestService(notes);
  const running = await startService(notes, { env: service.env, bus: service.bus });
  // Accepted in the order of arrival: the response to a later connection shows that the server has this one.
  const unused = connect(running.port, '127.0.0.1');
  await once(unused, 'connect');
  await fetch(`${running.url}/health/live`);
  const ended = once(unused, 'close');
  const startedAt = performance.now();
  await running.close();
  await ended;
  expect(performance.now() - startedAt).toBeLessThan(10_000);
  await service.close();
}, 30_000);
