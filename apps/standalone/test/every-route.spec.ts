import { jest } from '@jest/globals';
import { eventually, expectProblem, TestClient } from '@roost/testing';
import {
  callableFields,
  callableRoute,
  type Callers,
  fieldViolations,
  foreignViolations,
  inOrder,
  prepareCallers,
  undeclared,
  undeclaredFields,
  violations,
} from './access-matrix.js';
import { auditedViolations, isAdministration } from './access-audit.js';
import { refusedWithoutStepUp, STEP_UP } from './access-step-up.js';
import { type Ground, prepareForeignObjects, prepareObjects } from './access-objects.js';
import { RESTRICTED_FIELDS } from './access-fields.js';
import type { Caller } from './access-outcome.js';
import { ADMIN_ROUTES } from './access-admin-routes.js';
import { type Objects } from './access-operation.js';
import { declaredOperations } from './access-rules.js';
import {
  type Document,
  expectSuccessOrProblem,
  filled,
  graphqlOperations,
  places,
  type Route,
  routesOf,
  sample,
  validBody,
  withValue,
} from './every-route.js';
import { type Env, freshEnvironment, stopAll, run } from './launcher.js';
import { Operator } from './operator.fixture.js';

jest.setTimeout(300_000);

let environment: Env;
let gateway: string;
let document: Document;
let routes: Route[];
let callers: Record<'anonymous' | 'guest' | 'host' | 'admin', TestClient>;
/** Guest, host and admin at once, so that only the input can be rejected. */
let everything: TestClient;
/** Callers whose access token has not expired, but whose account is suspended or whose session has ended. */
let refused: Record<'suspended' | 'reinstated' | 'signedOut', TestClient>;

async function createUser(...roles: string[]): Promise<{ id: string; client: TestClient }> {
  const anonymous = new TestClient(gateway);
  const made = await anonymous.post<{ id: string; accessToken: string }>('/dev/users', {
    roles,
    emailVerified: true,
  });
  return { id: made.body.id, client: anonymous.with({ authorization: `Bearer ${made.body.accessToken}` }) };
}

const as = async (...roles: string[]): Promise<TestClient> => (await createUser(...roles)).client;

beforeAll(async () => {
  environment = await freshEnvironment();
  const env = environment;
  const roost = run({ ...env, RATE_LIMIT_PER_MINUTE: '0', LOG_LEVEL: 'error' });
  await roost.prints('Roost is ready');
  gateway = `http://127.0.0.1:${env.PORT}`;
  const anonymous = new TestClient(gateway);
  const [guest, host, admin] = await Promise.all([as('guest'), as('guest', 'host'), as('guest', 'admin')]);
  callers = { anonymous, guest, host, admin };
  const [suspended, reinstated, signedOut] = await Promise.all([
    createUser('guest', 'host', 'admin'),
    createUser('guest', 'host', 'admin'),
    createUser('guest', 'host', 'admin'),
  ]);
  const stand = async (id: string, action: 'suspend' | 'reinstate') =>
    (await admin.post(`/v1/admin/users/${id}/${action}`, { reason: 'A report of fraud' })).status;
  expect(await stand(suspended.id, 'suspend')).toBe(204);
  expect([await stand(reinstated.id, 'suspend'), await stand(reinstated.id, 'reinstate')]).toEqual([
    204, 204,
  ]);
  expect((await signedOut.client.post('/v1/auth/logout')).status).toBe(204);
  refused = {
    suspended: suspended.client,
    reinstated: reinstated.client,
    signedOut: signedOut.client,
  };
  document = (await anonymous.get<Document>('/openapi.json')).body;
  routes = routesOf(document);
});

afterAll(stopAll);

const LOG_OUT = '/v1/auth/logout';
const ONE_OF_EACH_SERVICE = [
  '/v1/me',
  '/v1/me/listings',
  '/v1/me/bookings',
  '/v1/payments/{id}',
  '/v1/me/reviews/pending',
];

const isWrite = (route: Route): boolean => route.method !== 'GET' && route.method !== 'DELETE';

test('the document has the routes of all services and no internal ones', () => {
  const paths = new Set(routes.map((route) => route.path));
  for (const path of [
    '/v1/auth/login',
    '/v1/listings/search',
    '/v1/quotes',
    '/v1/bookings',
    '/v1/payments/{id}',
  ]) {
    expect(paths).toContain(path);
  }
  expect([...paths].filter((path) => path.startsWith('/dev') || path === '/metrics')).toEqual([]);
});

describe('access', () => {
  test('routes that require a token reject a request without one', async () => {
    const open: string[] = [];
    for (const route of routes.filter((one) => one.access === 'user')) {
      const response = await callers.anonymous.send(
        route.method,
        filled(route.path),
        isWrite(route) ? {} : undefined,
      );
      if (response.status !== 401) open.push(`${route.method} ${route.path} ${response.status}`);
      else expectProblem(response, 401, 'auth.missing_token');
    }
    expect(open).toEqual([]);
  });

  test('routes that are not public reject an invalid token', async () => {
    const forged = callers.anonymous.with({ authorization: 'Bearer a.b.c' });
    const accepted: string[] = [];
    for (const route of routes.filter((one) => one.access !== 'public')) {
      const response = await forged.send(route.method, filled(route.path), isWrite(route) ? {} : undefined);
      if (response.status !== 401) accepted.push(`${route.method} ${route.path} ${response.status}`);
    }
    expect(accepted).toEqual([]);
  });

  describe.each([
    ['suspended', 'account.suspended', 403],
    ['reinstated', 'auth.invalid_token', 401],
    ['signedOut', 'auth.invalid_token', 401],
  ] as const)('a caller who is %s gets %s', (who, code, status) => {
    beforeAll(async () => {
      for (const path of ONE_OF_EACH_SERVICE)
        await eventually(async () => expectProblem(await refused[who].get(filled(path)), status, code));
    });

    test('from every route of every service', async () => {
      const accepted: string[] = [];
      // A log-out of an ended session succeeds.
      for (const route of routes.filter(({ access, path }) => access !== 'public' && path !== LOG_OUT)) {
        const response = await refused[who].send(
          route.method,
          filled(route.path),
          validBody(route, document),
        );
        const { code: given } = response.body as { code?: string };
        if (response.status !== status || given !== code)
          accepted.push(`${route.method} ${route.path} ${response.status} ${given}`);
      }
      expect(accepted).toEqual([]);
    });

    test('from every query and mutation of the graph', async () => {
      const accepted: string[] = [];
      for (const { name, text } of graphqlOperations()) {
        const { data, errors } = await refused[who].graphql(text);
        const codes = errors.map(({ extensions }) => extensions.code);
        if (codes[0] !== code || Object.values(data ?? {}).some((value) => value !== null))
          accepted.push(`${name} ${codes.join()} ${JSON.stringify(data)}`);
      }
      expect(accepted).toEqual([]);
    });
  });

  test('exactly the declared routes, queries and mutations refuse a caller without a step-up', async () => {
    const { body } = await callers.anonymous.post<{ id: string; refreshToken: string }>('/dev/users', {
      ...{ roles: ['guest', 'host', 'admin'], emailVerified: true },
    });
    const operator = new Operator(environment);
    await operator.query(
      'identity',
      "UPDATE session SET auth_time = auth_time - interval '6 minutes' WHERE user_id = $1",
      [body.id],
    );
    const { refreshToken } = body;
    const refreshed = await callers.anonymous.post<{ accessToken: string }>('/v1/auth/refresh', {
      refreshToken,
    });
    const stale = callers.anonymous.with({ authorization: `Bearer ${refreshed.body.accessToken}` });
    const open = routes.filter(({ access, path }) => access === 'user' && path !== '/v1/me/events');
    expect(await refusedWithoutStepUp(stale, open)).toEqual([...STEP_UP].sort());
  });

  test.each(['guest', 'host'] as const)('admin routes reject a %s', async (who) => {
    const admin = routes.filter((one) => one.path.startsWith('/v1/admin/'));
    expect(admin.length).toBeGreaterThan(3);
    for (const route of admin) {
      const response = await callers[who].send(
        route.method,
        filled(route.path),
        route.body ? sample(route.body, document) : undefined,
      );
      expect({ route: `${route.method} ${route.path}`, status: response.status }).toEqual({
        route: `${route.method} ${route.path}`,
        status: 403,
      });
    }
  });

  test('an unknown id is never a server error for any caller', async () => {
    for (const route of routes.filter((one) => one.path.includes('{'))) {
      const body = route.body ? sample(route.body, document) : undefined;
      // Some routes wait two seconds for an event that creates the id.
      await Promise.all(
        Object.entries(callers).map(async ([who, client]) => {
          const response = await client.send(route.method, filled(route.path) + route.selection, body);
          expectSuccessOrProblem(response, `${who}: ${route.method} ${route.path}`);
        }),
      );
    }
  });
});

describe('the access matrix', () => {
  /** They end the sessions of all callers. */
  const ENDS_SESSIONS = ['DELETE /v1/me', 'mutation eraseMe', `POST ${LOG_OUT}`];
  let people: Callers;
  let objects: Objects;
  let ground: Ground;

  beforeAll(async () => {
    for (const path of ONE_OF_EACH_SERVICE)
      await eventually(async () =>
        expectProblem(await refused.suspended.get(filled(path)), 403, 'account.suspended'),
      );
    const prepared = await prepareCallers(callers.anonymous, refused.suspended);
    people = prepared.callers;
    ground = { ...prepared, operator: new Operator(environment) };
    objects = await prepareObjects(ground);
  });

  test('has a rule for each route, query and mutation, and no other', () => {
    const names = [
      ...routes.map(({ method, path }) => `${method} ${path}`),
      ...callableFields({}).map(({ name }) => name),
    ];
    expect(undeclared(names, [...declaredOperations.keys(), ...ADMIN_ROUTES])).toEqual([]);
  });

  test('has a rule for each nullable field of the graph, and no other', () => {
    expect(undeclaredFields()).toEqual([]);
  });

  test('restricted fields are visible to the declared callers only', async () => {
    const found: string[] = [];
    for (const [name, readers] of Object.entries(RESTRICTED_FIELDS))
      found.push(...(await fieldViolations(name, readers, people, objects)));
    expect(found).toEqual([]);
  });

  test('owners do not reach objects of others through their own', async () => {
    const foreign = await prepareForeignObjects(ground, objects);
    const found: string[] = [];
    const callables = [
      ...routes.map((route) => callableRoute(route, document, objects)),
      ...callableFields(objects),
    ].filter((callable) => callable.foreign !== undefined);
    expect(callables.length).toBeGreaterThan(20);
    for (const callable of callables) found.push(...(await foreignViolations(callable, people, foreign)));
    expect(found).toEqual([]);
  });

  test('a wrong rule is a violation', async () => {
    const query = callableFields(objects).find(({ name }) => name === 'query booking');
    if (!query) throw new Error('the query does not exist');
    const openToAll = { ...query, rule: { token: 'optional' } } as const;
    expect(await violations(openToAll, people)).toContain('query booking by guestB: hidden, not allowed');
    const closed = { ...query, rule: { ...query.rule, of: [] } };
    expect(await violations(closed, people)).toContain('query booking by guestA: allowed, not hidden');
    const payouts = (readers: readonly Caller[]) =>
      fieldViolations('Booking.payouts', readers, people, objects);
    expect(await payouts([])).toEqual(['Booking.payouts by hostA: visible']);
    expect(await payouts(['hostA', 'guestA'])).toEqual(['Booking.payouts by guestA: not visible']);
  });

  test('every route, query and mutation treats each caller as its rule states, and records what administrators do', async () => {
    const callables = [
      ...routes.map((route) => callableRoute(route, document, objects)),
      ...callableFields(objects),
    ];
    const found: string[] = [];
    for (const callable of inOrder(callables.filter(({ name }) => !ENDS_SESSIONS.includes(name))))
      found.push(...(await auditedViolations(callable, people, ground.operator)));
    expect(callables.filter(isAdministration).length).toBeGreaterThan(30);
    for (const name of ENDS_SESSIONS) {
      const { callers: leaving } = await prepareCallers(callers.anonymous, refused.suspended);
      for (const callable of callables.filter((one) => one.name === name))
        found.push(...(await violations(callable, leaving)));
    }
    expect(found).toEqual([]);
  });
});

describe('bad input', () => {
  // A valid request of one test ends the session.
  beforeEach(async () => {
    everything = await as('guest', 'host', 'admin');
  });

  const HOSTILE_IDS = ['x', '0', '%00', '%2e%2e', "1'--", 'a'.repeat(2000), '%F0%9F%92%A5', '%ff'];

  test('in the path is rejected', async () => {
    for (const route of routes.filter((one) => one.path.includes('{'))) {
      for (const id of HOSTILE_IDS) {
        const response = await everything.send(
          route.method,
          filled(route.path, id),
          isWrite(route) ? {} : undefined,
        );
        const call = `${route.method} ${route.path} with ${id.slice(0, 20)}`;
        expectSuccessOrProblem(response, call);
        if (response.status < 400 && !route.path.startsWith('/v1/photos'))
          throw new Error(`${call} was accepted`);
      }
    }
  });

  test('in the query is never a server error', async () => {
    const hostile = ['', '%00', '-1', '1e309', 'NaN', '2028-02-31', "';--", 'a'.repeat(5000), '%ff', '1&$&1'];
    for (const route of routes.filter((one) => one.query.length > 0)) {
      for (const name of [...route.query, 'unknown', '__proto__']) {
        for (const value of hostile) {
          const query = `${route.selection ? `${route.selection}&` : '?'}${name}=${value.replace('$', name)}`;
          const response = await everything.send(route.method, filled(route.path) + query);
          expectSuccessOrProblem(response, `${route.method} ${route.path}${query.slice(0, 60)}`);
        }
      }
    }
  });

  test.each([
    ['broken JSON', '{"a":', 'application/json', [400]],
    ['an empty text', '', 'application/json', [200, 201, 204, 400, 401, 409]],
    ['null', 'null', 'application/json', [400]],
    ['a list', '[1]', 'application/json', [400]],
    ['a string', '"x"', 'application/json', [400]],
    ['a prototype', '{"__proto__":{"admin":true}}', 'application/json', [400]],
    ['another media type', '<a/>', 'application/xml', [415]],
    ['a form', 'a=1', 'application/x-www-form-urlencoded', [415]],
    ['a body over the size limit', `{"a":"${'x'.repeat(3_000_000)}"}`, 'application/json', [413]],
  ])('%s as a body is rejected', async (_what, body, type, statuses) => {
    for (const route of routes.filter((one) => one.body?.type === 'object')) {
      const response = await everything.send(route.method, filled(route.path), body, {
        'content-type': type,
      });
      const call = `${route.method} ${route.path}`;
      expectSuccessOrProblem(response, call);
      // A route may reject the id or the caller before it reads the body.
      expect({
        call,
        ok: [...statuses, 403, 404].includes(response.status),
        status: response.status,
      }).toMatchObject({
        ok: true,
      });
    }
  });

  test('an unknown field is rejected with a pointer to it', async () => {
    for (const route of routes.filter((one) => one.body?.type === 'object')) {
      const body = { ...(sample(route.body ?? {}, document) as object), unexpected: 1 };
      const response = await everything.send(route.method, filled(route.path) + route.selection, body);
      if ([403, 404].includes(response.status)) continue;
      expectProblem(response, 400, 'request.invalid', '/unexpected');
    }
  });

  test('in each field of each body is never a server error', async () => {
    const hostile: unknown[] = [
      null,
      true,
      -1,
      0,
      1e9,
      Number.MAX_SAFE_INTEGER,
      1e308,
      0.5,
      '',
      '\u0000',
      'a\u0000b',
      '\ud800',
      'x'.repeat(10_001),
      '2028-02-31',
      '2020-01-01',
      '2031-05-04T10:00:00Z',
      'not-a-uuid',
      [],
      [null],
      Array.from({ length: 2_000 }, () => 'x'),
      {},
      { constructor: 1 },
    ];
    let sent = 0;
    for (const route of routes.filter((one) => one.body)) {
      // A valid request to the previous route may have ended the session.
      if ((await everything.get('/v1/me')).status !== 200) everything = await as('guest', 'host', 'admin');
      const good = sample(route.body ?? {}, document);
      for (const place of places(good)) {
        const statuses = await Promise.all(
          hostile.map(async (value) => {
            const call = `${route.method} ${route.path} with ${JSON.stringify(value)?.slice(0, 40)} at /${place.join('/')}`;
            const response = await everything.send(
              route.method,
              filled(route.path) + route.selection,
              withValue(good, place, value),
            );
            expectSuccessOrProblem(response, call);
            return response.status;
          }),
        );
        sent += statuses.length;
      }
    }
    expect(sent).toBeGreaterThan(1_000);
  });

  test('leaves the gateway ready', async () => {
    expect((await callers.anonymous.get('/health/ready')).status).toBe(200);
  });
});
