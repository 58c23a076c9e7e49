import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  eventually,
  testUser,
  expectProblem,
  signToken,
  startTestService,
  testJwksUrl,
  type TestService,
} from '@roost/testing';
import { notes } from '../../service/test/notes/src/service.js';

let service: TestService;

beforeAll(async () => {
  service = await startTestService(notes);
});
afterAll(() => service?.close());

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const list = (token: string, at = service) =>
  at.anonymous.get('/v1/notes', { authorization: `Bearer ${token}` });
const goodClaims = () =>
  JSON.parse(Buffer.from(testUser().token.split('.')[1] ?? '', 'base64url').toString()) as object;
const publicKeyOf = () => {
  const set = JSON.parse(Buffer.from(testJwksUrl().split(',')[1] ?? '', 'base64').toString()) as {
    keys: [object];
  };
  return createPublicKey({ key: set.keys[0] as never, format: 'jwk' });
};

test('accepts a valid token, also from the cache', async () => {
  const { token } = testUser();
  expect((await list(token)).status).toBe(200);
  expect((await list(token)).status).toBe(200);
});

test('401 auth.missing_token without a token', async () => {
  const response = await service.anonymous.get('/v1/notes');
  expectProblem(response, 401, 'auth.missing_token');
  expect(response.headers.get('www-authenticate')).toBe('Bearer');
});

describe('401 auth.invalid_token', () => {
  const now = () => Math.floor(Date.now() / 1000);
  const signedByHmac = (header: object, claims: object, secret: string | Buffer) => {
    const text = `${part(header)}.${part(claims)}`;
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
  };
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 });

  test.each<[name: string, token: () => string]>([
    ['garbage', () => 'garbage'],
    ['empty parts', () => '..'],
    ['algorithm none', () => `${part({ alg: 'none', kid: 'test' })}.${part(goodClaims())}.`],
    ['algorithm None without kid', () => `${part({ alg: 'None' })}.${part(goodClaims())}.`],
    [
      'HS256 with the public key as secret',
      () =>
        signedByHmac(
          { alg: 'HS256', kid: 'test' },
          goodClaims(),
          publicKeyOf().export({ type: 'spki', format: 'pem' }) as string,
        ),
    ],
    [
      'HS256 signature under an RS256 header',
      () => signedByHmac({ alg: 'RS256', kid: 'test' }, goodClaims(), 'secret'),
    ],
    ['RS384 under an RS256 key', () => signToken(goodClaims(), { alg: 'RS384' })],
    ['an unknown kid', () => signToken(goodClaims(), { kid: 'unknown' })],
    ['no kid', () => signToken(goodClaims(), { kid: undefined })],
    [
      'a key in the header of the token',
      () => {
        const header = { alg: 'RS256', kid: 'test', jwk: other.publicKey.export({ format: 'jwk' }) };
        const text = `${part(header)}.${part(goodClaims())}`;
        return `${text}.${sign('sha256', Buffer.from(text), other.privateKey).toString('base64url')}`;
      },
    ],
    [
      'a changed claim',
      () => {
        const [header, , signature] = testUser().token.split('.');
        return `${header}.${part({ ...goodClaims(), roles: ['admin'] })}.${signature}`;
      },
    ],
    ['expired', () => testUser({ claims: { exp: now() - 60 } }).token],
    ['without expiry', () => testUser({ claims: { exp: undefined } }).token],
    ['not yet valid', () => testUser({ claims: { nbf: now() + 600 } }).token],
    ['another issuer', () => testUser({ claims: { iss: 'https://other.example' } }).token],
    ['no issuer', () => testUser({ claims: { iss: undefined } }).token],
    ['a subject that is not a UUID', () => testUser({ claims: { sub: 'admin' } }).token],
    ['roles that are not a list', () => testUser({ claims: { roles: 'admin' } }).token],
    ['email_verified as a string', () => testUser({ claims: { email_verified: 'true' } }).token],
    ['a token over the maximum length', () => `${testUser().token}${'a'.repeat(10_000)}`],
  ])('%s', async (_name, token) => {
    const response = await list(token());
    expectProblem(response, 401, 'auth.invalid_token');
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer error="invalid_token"/);
  });

  test('another scheme', async () => {
    expectProblem(
      await service.anonymous.get('/v1/notes', { authorization: 'Basic YTpi' }),
      401,
      'auth.invalid_token',
    );
  });
});

test('rejects a cached token after it has expired', async () => {
  const { token } = testUser({ claims: { exp: Math.floor(Date.now() / 1000) - 1 } }); // within the clock tolerance of 5 s
  expect((await list(token)).status).toBe(200);
  for (let response = await list(token); response.status !== 401; response = await list(token));
  expectProblem(await list(token), 401, 'auth.invalid_token');
});

describe('403', () => {
  test('auth.email_unverified', async () => {
    const guest = service.as(testUser({ emailVerified: false }));
    expectProblem(await guest.post('/v1/notes', { text: 'a' }), 403, 'auth.email_unverified');
  });

  test('auth.forbidden without the role, with the required roles', async () => {
    const response = await service.as(testUser()).delete('/v1/notes');
    expectProblem(response, 403, 'auth.forbidden');
    expect(response.body.requiredRoles).toEqual(['admin']);
  });

  test('auth.step_up_required when the last authentication is older than five minutes', async () => {
    const stale = testUser({ roles: ['admin'], authTime: new Date(Date.now() - 301_000) });
    expectProblem(await service.as(stale).delete('/v1/notes'), 403, 'auth.step_up_required');
    const fresh = testUser({ roles: ['admin'], authTime: new Date(Date.now() - 290_000) });
    expect((await service.as(fresh).delete('/v1/notes')).status).toBe(204);
  });
});

test('a public route ignores the token; a route with an optional user rejects an invalid token', async () => {
  expect((await service.anonymous.get('/v1/notes/count', { authorization: 'Bearer x' })).status).toBe(200);
  expect((await service.anonymous.get('/v1/notes/hello')).body).toEqual({ id: null });
  const user = testUser();
  expect((await service.as(user).get('/v1/notes/hello')).body).toEqual({ id: user.id });
  expectProblem(
    await service.anonymous.get('/v1/notes/hello', { authorization: 'Bearer x' }),
    401,
    'auth.invalid_token',
  );
});

describe('the key set', () => {
  const pair = (kid: string) => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const token = () => {
      const text = `${part({ alg: 'RS256', kid })}.${part(goodClaims())}`;
      return `${text}.${sign('sha256', Buffer.from(text), privateKey).toString('base64url')}`;
    };
    return { jwk: { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' }, token };
  };

  test('accepts a rotated key without a restart, and keeps the last valid set while its source fails', async () => {
    const [first, second, third] = [pair('first'), pair('second'), pair('third')];
    let keys: object[] | null = [first.jwk];
    const source = createServer((_request, response) => {
      response.writeHead(keys ? 200 : 500).end(JSON.stringify({ keys }));
    });
    await new Promise<void>((resolve) => source.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(source.address() as AddressInfo).port}/jwks.json`;
    const other = await startTestService(notes, { env: { JWKS_URL: url } });
    try {
      expect((await list(first.token(), other)).status).toBe(200);
      keys = [first.jwk, second.jwk];
      expect((await list(second.token(), other)).status).toBe(200);
      keys = null;
      expect((await list(third.token(), other)).status).toBe(401);
      expect((await list(first.token(), other)).status).toBe(200);
      const cached = first.token();
      expect((await list(cached, other)).status).toBe(200);
      keys = [third.jwk];
      expect((await list(third.token(), other)).status).toBe(200);
      expect((await list(cached, other)).status).toBe(401);
    } finally {
      await other.close();
      source.close();
    }
  });

  test('503 until the first key set is fetched', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'roost-keys-'));
    const file = join(folder, 'jwks.json');
    const key = pair('late');
    const other = await startTestService(notes, { env: { JWKS_URL: pathToFileURL(file).href } });
    try {
      const response = await list(key.token(), other);
      expectProblem(response, 503, 'service.unavailable');
      expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
      writeFileSync(file, JSON.stringify({ keys: [key.jwk] }));
      expect((await list(key.token(), other)).status).toBe(200);
    } finally {
      await other.close();
      rmSync(folder, { recursive: true });
    }
  });

  test('a service is ready once it has fetched a set, and stays ready while later fetches fail', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'roost-keys-'));
    const file = join(folder, 'jwks.json');
    const key = pair('late');
    const other = await startTestService(notes, { env: { JWKS_URL: pathToFileURL(file).href } });
    const readiness = () => other.anonymous.get('/health/ready');
    try {
      expect(await readiness()).toMatchObject({
        status: 503,
        body: { status: 'down', parts: { database: 'up', keys: 'down', redis: 'up' } },
      });
      expect((await other.anonymous.get('/health/live')).status).toBe(200);
      expect((await other.anonymous.get<string>('/metrics')).body).toMatch(
        /^roost_part_up\{part="keys",service="notes"\} 0$/m,
      );
      writeFileSync(file, JSON.stringify({ keys: [key.jwk] }));
      // Without a token: a service that is not ready receives none.
      await eventually(async () =>
        expect(await readiness()).toMatchObject({ status: 200, body: { parts: { keys: 'up' } } }),
      );
      rmSync(file);
      // An unknown key triggers a fetch, which fails.
      expectProblem(await list(pair('unknown').token(), other), 401, 'auth.invalid_token');
      expect(await readiness()).toMatchObject({ status: 200, body: { parts: { keys: 'up' } } });
      expect((await list(key.token(), other)).status).toBe(200);
    } finally {
      await other.close();
      rmSync(folder, { recursive: true });
    }
  });

  test('ignores keys that are weak, symmetric or for another use', async () => {
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const good = pair('good');
    const set = {
      keys: [
        { ...weak.publicKey.export({ format: 'jwk' }), kid: 'weak' },
        { kty: 'oct', k: Buffer.from('secret').toString('base64url'), kid: 'symmetric' },
        { ...good.jwk, kid: 'encryption', use: 'enc' },
        { ...good.jwk, kid: 'other-algorithm', alg: 'RS512' },
        good.jwk,
      ],
    };
    const url = `data:application/json;base64,${Buffer.from(JSON.stringify(set)).toString('base64')}`;
    const other = await startTestService(notes, { env: { JWKS_URL: url } });
    try {
      expect((await list(good.token(), other)).status).toBe(200);
      const text = `${part({ alg: 'RS256', kid: 'weak' })}.${part(goodClaims())}`;
      const signed = `${text}.${sign('sha256', Buffer.from(text), weak.privateKey).toString('base64url')}`;
      expectProblem(await list(signed, other), 401, 'auth.invalid_token');
    } finally {
      await other.close();
    }
  });
});
