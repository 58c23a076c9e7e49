import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import {
  testUser,
  eventually,
  expectProblem,
  reservePort,
  startTestService,
  type TestService,
} from '@roost/testing';
import { Metrics } from '@roost/platform';
import { RouteRegistry } from '../src/routes/route-registry.js';
import { gateway } from '../src/service.js';
import { aDocument, paths, startUpstream, type Upstream } from './upstream.fixture.js';

let listings: Upstream;
let identity: Upstream;
let service: TestService;

const user = testUser();

beforeAll(async () => {
  [listings, identity] = await Promise.all([
    startUpstream(aDocument(paths.listings)),
    // It is restarted on its port, which nothing else may take meanwhile.
    startUpstream(aDocument(paths.identity), await reservePort()),
  ]);
  service = await startGateway();
  await eventually(async () => {
    expect((await service.anonymous.get('/v1/listings/search')).status).toBe(200);
    expect((await service.as(user).get('/v1/me')).status).toBe(200);
  });
});

afterAll(async () => {
  await service.close();
  await Promise.all([listings.close(), identity.close()]);
});

function startGateway(env: Record<string, string> = {}): Promise<TestService> {
  return startTestService(gateway, {
    env: {
      LISTINGS_URL: listings.url,
      IDENTITY_URL: identity.url,
      BOOKINGS_URL: 'http://127.0.0.1:9',
      PAYMENTS_URL: 'http://127.0.0.1:9',
      REVIEWS_URL: 'http://127.0.0.1:9',
      RATE_LIMIT_PER_MINUTE: '0',
      ...env,
    },
  });
}

/** Sends the path unchanged: fetch would normalize it. */
function getExactly(path: string): Promise<{ status: number | undefined; code: unknown }> {
  const { hostname, port } = new URL(service.url);
  const headers = { authorization: `Bearer ${user.token}` };
  return new Promise((resolve, reject) => {
    request({ hostname, port, path, headers }, (response) => {
      json(response).then(
        (body) => resolve({ status: response.statusCode, code: (body as { code?: string }).code }),
        reject,
      );
    })
      .on('error', reject)
      .end();
  });
}

it('responds 405 with the methods of a path that has another one', async () => {
  const response = await service.anonymous.delete('/v1/listings/search');
  expectProblem(response, 405, 'route.method_not_allowed');
  expect(response.headers.get('allow')).toBe('GET, HEAD');
});

describe('forwarding', () => {
  it('sends the request to the owner of the path and returns its response unchanged', async () => {
    const url = '/v1/listings/search?city=Lisbon&q=a%20b&broken=%ff&q=%3F?';
    const response = await service.anonymous.get(url);
    expect(response.status).toBe(200);
    expect(response.headers.get('x-from')).toBe('upstream');
    expect(response.body).toEqual({ method: 'GET', url, bytes: 0 });
  });

  it('forwards cookies in both directions', async () => {
    const cookie = 'roost_device=v1.a-b.c_d';
    const response = await service.anonymous.post('/v1/auth/login', {}, { cookie });
    expect(response.headers.get('set-cookie')).toBe(cookie);
  });

  it('streams a body of any type and size', async () => {
    const bytes = 15 * 1024 * 1024;
    const response = await fetch(`${service.url}/v1/listings/42/photos`, {
      method: 'POST',
      headers: { authorization: `Bearer ${user.token}`, 'content-type': 'application/x-anything' },
      body: new Uint8Array(bytes),
    });
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({ bytes });
  });

  it.each([
    ['JSON', '/v1/auth/login', 2],
    ['a file', '/v1/listings/42/photos', 20],
  ])('rejects %s over the limit, with and without Content-Length', async (_what, path, mebibytes) => {
    const body = new Uint8Array(mebibytes * 1024 * 1024);
    const chunked = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < body.length; at += 65_536) controller.enqueue(body.subarray(at, at + 65_536));
        controller.close();
      },
    });
    for (const sent of [body, chunked]) {
      const response = await fetch(service.url + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${user.token}`, 'content-type': 'application/json' },
        body: sent,
        duplex: 'half',
      } as RequestInit);
      expect(response.status).toBe(413);
      expect(await response.json()).toMatchObject({ code: 'request.too_large' });
    }
  });

  it('ends an upload when its client disconnects, and no other write', async () => {
    /** Sends a write that the service does not respond to, and disconnects once it has arrived. */
    const abandoned = async (upstream: Upstream, path: string, body: BodyInit) => {
      const [client, state] = [new AbortController(), { asked: false, closed: false, end: () => {} }];
      upstream.reply = (reply) => {
        Object.assign(state, { asked: true, end: () => reply.raw.end() });
        reply.raw.once('close', () => (state.closed = true));
        return reply.hijack();
      };
      const headers = { authorization: `Bearer ${user.token}` };
      const sent = fetch(service.url + path, { method: 'POST', headers, body, signal: client.signal });
      await eventually(() => expect(state.asked).toBe(true));
      upstream.reply = null;
      client.abort();
      await expect(sent).rejects.toThrow();
      return state;
    };
    const form = new FormData();
    form.set('file', new Blob(['a picture']), 'a.jpg');
    const other = await abandoned(identity, '/v1/auth/login', '{}');
    const upload = await abandoned(listings, '/v1/listings/42/photos', form);
    await eventually(() => expect(upload.closed).toBe(true));
    expect(other.closed).toBe(false);
    other.end();
  });

  it('forwards malformed JSON: the service validates it', async () => {
    const response = await fetch(`${service.url}/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"email":',
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ bytes: 9 });
  });

  it('sets the forwarding headers and drops those of the client', async () => {
    await service.anonymous.get('/v1/listings/search?spoof', {
      'x-forwarded-for': '203.0.113.9',
      'x-forwarded-host': 'evil.example',
      forwarded: 'for=203.0.113.9',
      'x-request-id': 'client-chosen-1',
      baggage: 'userId=1',
      tracestate: 'not a state',
      traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
    });
    const headers = listings.seen.at(-1)?.headers ?? {};
    expect(headers['x-forwarded-for']).toBe('127.0.0.1');
    expect(headers['x-forwarded-host']).toBe(new URL(service.url).host);
    expect(headers.forwarded).toBeUndefined();
    expect(headers['x-request-id']).toBe('client-chosen-1');
    expect(headers.traceparent).toMatch(/^00-a{32}-(?!b{16})[0-9a-f]{16}-01$/);
    expect(headers.baggage).toBeUndefined();
    expect(headers.tracestate).toBeUndefined();
  });

  it.each([
    ['an unknown path', '/v1/nothing'],
    ['the metrics of a service', '/metrics'],
    ['dot segments', '/v1/listings/../me'],
    ['encoded dot segments', '/v1/listings/%2e%2E/me'],
    ['a single encoded dot', '/v1/listings/%2E/photos'],
    ['an empty parameter', '/v1/listings/'],
    ['two leading slashes', '//v1/me'],
  ])('responds 404 for %s and calls no service', async (_what, path) => {
    const before = listings.seen.length + identity.seen.length;
    expect(await getExactly(path)).toEqual({ status: 404, code: 'route.not_found' });
    expect(listings.seen.length + identity.seen.length).toBe(before);
  });

  it('responds 400 for a path with a NUL byte', async () => {
    expectProblem(await service.anonymous.get('/v1/listings/%00'), 400, 'request.invalid');
  });

  it('responds 503 with Retry-After while the owner is unavailable', async () => {
    const port = Number(new URL(identity.url).port);
    await identity.close();
    const down = await service.as(user).get('/v1/me');
    expectProblem(down, 503, 'service.unavailable');
    expect(Number(down.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await service.anonymous.get('/v1/listings/search')).status).toBe(200);
    identity = await startUpstream(aDocument(paths.identity), port);
    expect((await service.as(user).get('/v1/me')).status).toBe(200);
  });
});

describe('a service that closes connections without a response', () => {
  let upstream: Server;
  let through: TestService;
  let toClose = 0;
  let requests: string[] = [];

  beforeAll(async () => {
    upstream = createServer((request, response) => {
      if (request.url === '/openapi.json') return response.end(JSON.stringify(aDocument(paths.listings)));
      if (!request.url?.startsWith('/v1/')) return response.writeHead(404).end();
      requests.push(request.method ?? '');
      if (toClose-- > 0) return request.socket.destroy();
      return response.end('{}');
    }).listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    const { port } = upstream.address() as AddressInfo;
    through = await startGateway({ LISTINGS_URL: `http://127.0.0.1:${port}` });
    await eventually(async () =>
      expect((await through.anonymous.get('/v1/listings/search')).status).toBe(200),
    );
  });
  beforeEach(() => {
    requests = [];
  });
  afterAll(async () => {
    await through.close();
    upstream.close();
  });

  it('gets a read up to four times', async () => {
    toClose = 3;
    expect((await through.anonymous.get('/v1/listings/search')).status).toBe(200);
    expect(requests).toEqual(['GET', 'GET', 'GET', 'GET']);
    toClose = 4;
    expectProblem(await through.anonymous.get('/v1/listings/search'), 503, 'service.unavailable');
    expect(requests).toHaveLength(8);
  });

  it('gets a write once', async () => {
    toClose = 1;
    const written = await through.as(user).post('/v1/listings/42/photos', {});
    expectProblem(written, 503, 'service.unavailable');
    expect(requests).toEqual(['POST']);
  });
});

describe('the token check', () => {
  it('requires a token if the document does', async () => {
    expectProblem(await service.anonymous.get('/v1/me'), 401, 'auth.missing_token');
    expect((await service.as(user).get('/v1/me')).status).toBe(200);
  });

  it('ignores an invalid token on a public route', async () => {
    const response = await service.anonymous.get('/v1/listings/search', { authorization: 'Bearer nonsense' });
    expect(response.status).toBe(200);
  });

  it.each(['/v1/me', '/v1/listings/42'])('rejects an invalid token on %s', async (path) => {
    const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url');
    const [, claims] = user.token.split('.');
    const before = listings.seen.length + identity.seen.length;
    for (const token of ['nonsense', `${none}.${claims}.`, `${user.token}x`]) {
      const response = await service.anonymous.get(path, { authorization: `Bearer ${token}` });
      expectProblem(response, 401, 'auth.invalid_token');
    }
    expect(listings.seen.length + identity.seen.length).toBe(before);
  });
});

describe('rate limits', () => {
  it('limits users, IP addresses and sign-in routes separately, with Retry-After', async () => {
    const limited = await startGateway({ RATE_LIMIT_PER_MINUTE: '30' });
    try {
      await eventually(async () =>
        expect((await limited.as(testUser()).get('/v1/listings/42')).status).toBe(200),
      );
      const statuses: number[] = [];
      for (let n = 0; n < 7; n++) statuses.push((await limited.anonymous.get('/v1/listings/search')).status);
      expect(statuses).toEqual([200, 200, 200, 200, 200, 200, 429]);

      const rejected = await limited.anonymous.get('/v1/listings/search');
      expectProblem(rejected, 429, 'rate.limited');
      expect(Number(rejected.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(rejected.headers.get('ratelimit-limit')).toBe('6');
      expect(rejected.headers.get('ratelimit-remaining')).toBe('0');

      const me = testUser();
      const statusesOfUser = [];
      for (let n = 0; n < 31; n++) statusesOfUser.push((await limited.as(me).get('/v1/me')).status);
      expect(statusesOfUser.filter((status) => status === 200)).toHaveLength(30);
      expect(statusesOfUser.at(-1)).toBe(429);
      expect((await limited.as(testUser()).get('/v1/me')).status).toBe(200);

      // A step-up counts for its session, and a log-in for its address in any spelling.
      const [one, other] = [testUser(), testUser()];
      const stepUp = async (who: typeof one) => (await limited.as(who).post('/v1/auth/step-up', {})).status;
      expect([await stepUp(one), await stepUp(one), await stepUp(other)]).toEqual([200, 429, 200]);
      expect((await limited.anonymous.post('/v1/auth/login', {})).status).toBe(200);
      for (const path of ['/v1/auth/login', '/v1/auth/%6cogin'])
        expectProblem(await limited.anonymous.post(path, {}), 429, 'rate.limited');
      expect((await limited.anonymous.get('/health/live')).status).toBe(200);

      // Identity limits refreshes by session: those of many users behind one address go through.
      const refreshes = await Promise.all(
        Array.from({ length: 60 }, () => limited.anonymous.post('/v1/auth/refresh', {})),
      );
      expect(refreshes.filter(({ status }) => status !== 200)).toEqual([]);
    } finally {
      await limited.close();
    }
  });
});

describe('the routes of the gateway', () => {
  it('serves one document for all services', async () => {
    const document = await service.anonymous.get('/openapi.json');
    expect(document.status).toBe(200);
    expect(Object.keys(document.body.paths as object)).toEqual(
      expect.arrayContaining(['/v1/me', '/v1/listings/{id}']),
    );
  });

  it('serves the AsyncAPI document', async () => {
    const document = await service.anonymous.get('/asyncapi.json');
    expect(document.status).toBe(200);
    expect(document.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(document.body).toMatchObject({
      asyncapi: '3.0.0',
      operations: { paymentsReceivesBookingsBooking: { action: 'receive' } },
    });
  });

  it('serves Swagger UI and its assets', async () => {
    for (const path of ['/docs', '/docs/start.js', '/docs/swagger-ui.css', '/docs/swagger-ui-bundle.js']) {
      const response = await fetch(service.url + path);
      expect(response.status).toBe(200);
      expect((await response.text()).length).toBeGreaterThan(100);
    }
    expectProblem(await service.anonymous.get('/docs/package.json'), 404, 'route.not_found');
  });

  it('serves a page for each error code', async () => {
    const page = await fetch(`${service.url}/errors/booking.dates_unavailable`);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await page.text()).toContain('How to fix it');
    expectProblem(await service.anonymous.get('/errors/no.such_code'), 404, 'route.not_found');
  });
});

describe('route discovery', () => {
  it('adds a route of a newly deployed service without a restart', async () => {
    const growing = await startUpstream(aDocument(paths.listings));
    const other = await startGateway({ LISTINGS_URL: growing.url });
    try {
      await eventually(async () =>
        expect((await other.anonymous.get('/v1/listings/search')).status).toBe(200),
      );
      expectProblem(await other.anonymous.get('/v1/listings/new-route/deep'), 404, 'route.not_found');
      growing.document = aDocument({
        ...paths.listings,
        '/v1/listings/new-route/deep': { get: { security: [] } },
      });
      await other.get(RouteRegistry).refreshNow();
      expect((await other.anonymous.get('/v1/listings/new-route/deep')).status).toBe(200);
    } finally {
      await other.close();
      await growing.close();
    }
  });
});

describe('CORS', () => {
  const app = 'https://app.example.com';
  let other: TestService;
  beforeAll(async () => {
    other = await startGateway({ CORS_ORIGINS: `https://admin.example.com, ${app}` });
  });
  afterAll(() => other?.close());

  it('answers the preflight of an allowed origin, without a token', async () => {
    const response = await fetch(`${other.url}/v1/me`, {
      method: 'OPTIONS',
      headers: {
        origin: app,
        'access-control-request-method': 'PATCH',
        'access-control-request-headers': 'authorization,idempotency-key,if-match',
      },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toBe(app);
    expect(response.headers.get('access-control-allow-methods')).toContain('PATCH');
    expect(response.headers.get('access-control-allow-headers')).toBe(
      'authorization,idempotency-key,if-match',
    );
    expect(response.headers.get('access-control-allow-credentials')).toBe('true');
  });

  it.each([
    ['a forwarded response', '/v1/listings/search'],
    ['a problem', '/v1/me'],
    ['an unknown route', '/v1/nothing'],
  ])('exposes to an allowed origin the headers that clients need, on %s', async (_what, path) => {
    const { headers } = await other.anonymous.get(path, { origin: app });
    expect(headers.get('access-control-allow-origin')).toBe(app);
    expect(headers.get('vary')).toMatch(/\borigin\b/i);
    const exposed = headers.get('access-control-expose-headers')?.toLowerCase().split(/, ?/);
    expect(exposed).toEqual(
      expect.arrayContaining([
        'etag',
        'link',
        'retry-after',
        'ratelimit-limit',
        'ratelimit-remaining',
        'ratelimit-reset',
        'idempotent-replayed',
        'x-request-id',
      ]),
    );
  });

  it.each(['https://evil.example', 'null', 'http://localhost:5173'])(
    'allows nothing to %s',
    async (origin) => {
      const read = await other.anonymous.get('/v1/listings/search', { origin });
      expect(read.headers.get('access-control-allow-origin')).toBeNull();
      const preflight = await fetch(`${other.url}/v1/me`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'PATCH' },
      });
      expect(preflight.headers.get('access-control-allow-origin')).toBeNull();
    },
  );

  it.each(['*', 'https://app.example.com/', 'app.example.com'])('refuses CORS_ORIGINS=%s', async (value) => {
    await expect(startGateway({ CORS_ORIGINS: value })).rejects.toThrow('CORS_ORIGINS is');
  });
});

it.each(['/docs', '/errors', '/errors/request.invalid', '/graphql', '/v1/listings/search', '/v1/nothing'])(
  '%s has a content security policy and allows no frame around it',
  async (path) => {
    const { headers } = await fetch(service.url + path);
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none';.*frame-ancestors 'none'/);
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  },
);

test('measures requests by the template of the route, rejected ones included', async () => {
  await service.as(user).get('/v1/me');
  await service.anonymous.get('/v1/me');
  await eventually(async () => {
    const text = await service.get(Metrics).text();
    expect(text).toMatch(/_count\{service="gateway",method="GET",route="\/v1\/me",status="2xx"\} [1-9]/);
    expect(text).toMatch(/_count\{service="gateway",method="GET",route="\/v1\/me",status="4xx"\} [1-9]/);
  });
});
