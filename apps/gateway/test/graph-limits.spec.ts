import { testUser, type TestService } from '@roost/testing';
import { GraphFixture } from './graph.fixture.js';

const fixture = new GraphFixture();
const { user } = fixture;
let service: TestService;

beforeAll(async () => {
  service = await fixture.open();
});
beforeEach(() => fixture.reset());
afterAll(() => fixture.close());

describe('operations over the limits are rejected before a service is called', () => {
  const nested = (depth: number) => `{ me ${'{ friends '.repeat(depth)}{ id }${' }'.repeat(depth)} }`;
  const fragments = `{ me { ...F0 } } ${Array.from({ length: 30 }, (_, i) => `fragment F${i} on User { ...F${i + 1} ...F${i + 1} }`).join(' ')} fragment F30 on User { id }`;

  test.each<[string, unknown, RegExp]>([
    ['depth 50', { query: nested(50) }, /deeper than 10/],
    ['depth 20,000', { query: `${'{a'.repeat(20_000)}` }, /more than|deeper/],
    [
      '1,000 aliases',
      { query: `{ ${Array.from({ length: 1000 }, (_, i) => `a${i}: me { id }`).join(' ')} }` },
      /more than \d+ (root fields|tokens|aliases)/,
    ],
    [
      '1,000 aliases further down',
      { query: `{ me { ${Array.from({ length: 1000 }, (_, i) => `a${i}: id`).join(' ')} } }` },
      /more than 50 aliases/,
    ],
    ['one field 1,000 times', { query: `{ me { ${'id '.repeat(1000)} } }` }, /more than 500 fields/],
    ['fragments that double 30 times', { query: fragments }, /more than 500 fields|deeper/],
    [
      'a huge fragment',
      { query: `{ me { ...F } } fragment F on User { ${'name '.repeat(5_000)} }` },
      /more than/,
    ],
    [
      'a fragment that spreads itself',
      { query: '{ me { ...F } } fragment F on User { friends { ...F } }' },
      /spreads itself|deeper/,
    ],
    [
      'lists of lists of lists',
      { query: '{ homes(first: 100) { owner { friends(first: 100) { friends(first: 100) { id } } } } }' },
      /costs \d+/,
    ],
    [
      'lists of lists with a variable',
      {
        query:
          'query ($n: Int) { homes(first: $n) { owner { friends(first: $n) { friends(first: $n) { friends { id } } } } } }',
        variables: { n: 100 },
      },
      /costs \d+/,
    ],
    [
      'two operations',
      { query: 'query A { me { id } } query B { me { id } }', operationName: 'A' },
      /one operation/,
    ],
    ['an unknown field', { query: '{ nothing }' }, /Cannot query field "nothing"/],
    [
      'a variable of another type',
      { query: 'query ($id: ID!) { user(id: $id) { id } }', variables: { id: { secret: 'x' } } },
      /ID/,
    ],
    ['a query that is not a string', { query: 7 }, /Must be one operation/],
    ['a syntax error', { query: '{ me { id }' }, /Syntax Error/],
  ])('%s', async (_, body, reason) => {
    const before = process.cpuUsage();
    const response = await service
      .as(user)
      .post<{ errors: { message: string; extensions: { code: string } }[] }>('/graphql', body);
    // CPU time: the elapsed time depends on the load of the machine.
    const { user: cpuMicros } = process.cpuUsage(before);
    expect(cpuMicros).toBeLessThan(2_000_000);
    expect(response.status).toBe(400);
    expect(response.body).not.toHaveProperty('data');
    expect(response.body.errors).toHaveLength(1);
    expect(response.body.errors[0]).toMatchObject({
      message: expect.stringMatching(reason) as string,
      extensions: { code: 'request.invalid' },
    });
    expect(JSON.stringify(response.body)).not.toContain('secret');
    expect(fixture.receivedCount()).toBe(0);
  });

  it('a batch, and aliased log-ins', async () => {
    const login = { query: 'mutation { login(email: "a@b.c", password: "x") { accessToken } }' };
    const batch = await service.anonymous.post(
      '/graphql',
      Array.from({ length: 50 }, () => login),
    );
    expect(batch.status).toBe(400);
    const aliased = await service.anonymous.graphql(
      `mutation { ${Array.from({ length: 20 }, (_, i) => `a${i}: login(email: "a@b.c", password: "${i}") { accessToken }`).join(' ')} }`,
    );
    // The graph has no log-in.
    expect(aliased).toMatchObject({
      status: 400,
      errors: [{ message: 'Cannot query field "login" on type "Mutation".' }],
    });
    expect(fixture.receivedCount()).toBe(0);
  });

  it('a body that is not JSON or too large', async () => {
    const form = await service
      .as(user)
      .send('POST', '/graphql', '{"query":"{ me { id } }"}', { 'content-type': 'text/plain' });
    expect(form).toMatchObject({
      status: 415,
      body: { errors: [{ extensions: { code: 'request.unsupported_media_type' } }] },
    });
    for (const type of ['application/graphql', 'application/x-www-form-urlencoded', 'multipart/form-data'])
      expect(
        await service.as(user).send('POST', '/graphql', 'query={me{id}}', { 'content-type': type }),
      ).toMatchObject({
        status: 415,
      });
    const large = await service.as(user).post('/graphql', { query: `# ${'x'.repeat(300_000)}` });
    expect(large).toMatchObject({
      status: 413,
      body: { errors: [{ extensions: { code: 'request.too_large' } }] },
    });
    expect(await service.as(user).send('POST', '/graphql', '{"query"')).toMatchObject({ status: 400 });
  });

  it('an operation in the query string: GET returns a page', async () => {
    const mutation = encodeURIComponent('mutation { rename(name: "x") { id } }');
    const response = await service.as(user).get(`/graphql?query=${mutation}`);
    expect(response.headers.get('content-type')).toContain('text/html');
    for (const method of ['PUT', 'PATCH', 'DELETE'])
      expect(
        (await service.as(user).send(method, `/graphql?query=${mutation}`)).status,
      ).toBeGreaterThanOrEqual(404);
    expect(fixture.receivedCount()).toBe(0);
  });

  it('requests over the rate limit; each mutation counts', async () => {
    const limited = await fixture.startGateway({ RATE_LIMIT_PER_MINUTE: '10' });
    const one = testUser();
    for (let sent = 0; sent < 10; sent += 1)
      expect((await limited.as(one).graphql('{ me { id } }')).status).toBe(200);
    const rejected = await limited.as(one).graphql('{ me { id } }');
    expect(rejected).toMatchObject({ status: 429, errors: [{ extensions: { code: 'rate.limited' } }] });
    expect(rejected.headers.get('retry-after')).toMatch(/^\d+$/);
    const renames = `mutation { ${Array.from({ length: 11 }, (_, i) => `a${i}: rename(name: "x") { id }`).join(' ')} }`;
    expect((await limited.as(testUser()).graphql(renames)).status).toBe(429);
  });

  it('operations whose cost exceeds the rate limit', async () => {
    const limited = await fixture.startGateway({ RATE_LIMIT_PER_MINUTE: '10' });
    const large = '{ me { friends(first: 8) { friends(first: 9) { friends { id } } } } }';
    const one = testUser();
    // Costs 812: nine requests. The tenth is left.
    expect((await limited.as(one).graphql(large)).status).toBe(200);
    expect((await limited.as(one).graphql('{ me { id } }')).status).toBe(200);
    expect((await limited.as(one).graphql('{ me { id } }')).status).toBe(429);
  });
});
