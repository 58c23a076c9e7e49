import { createHmac, createPublicKey, generateKeyPairSync, type JsonWebKey, sign, verify } from 'node:crypto';
import { expectProblem } from '@roost/testing';
import { SigningKeyService } from '../src/signing-key/signing-key.service.js';
import {
  claimsOf,
  type TestIdentity,
  type TestAccount,
  PRIVATE_KEY,
  startIdentity,
  startWithGeneratedKey,
} from './identity.fixture.js';

let identity: TestIdentity;
let ada: TestAccount;
beforeAll(async () => {
  identity = await startWithGeneratedKey();
});
beforeEach(async () => {
  ada = await identity.createUser();
});
afterAll(() => identity.close());

type Jwk = JsonWebKey & { kid: string };
interface KeySet extends Record<string, unknown> {
  keys: Jwk[];
}

const keySet = (of = identity) => of.anonymous.get<KeySet>('/.well-known/jwks.json');
const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
const headerOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { alg: string; kid: string };

/** Verifies a signature with the published keys, independent of the service's code. */
function signedByOneOf(keys: Jwk[], token: string): boolean {
  const [header, payload, signature] = token.split('.');
  const jwk = keys.find((key) => key.kid === headerOf(token).kid);
  if (!jwk) return false;
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  return verify(
    'sha256',
    Buffer.from(`${header}.${payload}`),
    key,
    Buffer.from(signature ?? '', 'base64url'),
  );
}

describe('200', () => {
  it('publishes the public half of the signing key, with a max-age', async () => {
    const { status, body, headers } = await keySet();
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toMatch(/^public, max-age=300/);
    for (const key of body.keys) {
      expect(Object.keys(key).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
      expect(key).toMatchObject({ kty: 'RSA', use: 'sig', alg: 'RS256' });
    }
    expect(headerOf(ada.accessToken).alg).toBe('RS256');
    expect(signedByOneOf(body.keys, ada.accessToken)).toBe(true);
  });

  it('returns 304 for the current ETag', async () => {
    const etag = (await keySet()).headers.get('etag') ?? '';
    const response = await identity.anonymous.get('/.well-known/jwks.json', { 'if-none-match': etag });
    expect(response.status).toBe(304);
  });

  it('stores private keys encrypted', async () => {
    const rows = await identity.service.query<{ text: string }>('SELECT t::text AS text FROM signing_key t');
    expect(rows).not.toEqual([]);
    for (const { text } of rows) expect(text).not.toMatch(/PRIVATE KEY|"d":/);
  });
});

describe('rotation', () => {
  it('publishes the next key before it signs, and the previous key until its tokens have expired', async () => {
    const rotating = await startWithGeneratedKey();
    try {
      const keys = rotating.service.get(SigningKeyService);
      const person = await rotating.createUser();
      const works = async (token: string) => (await rotating.with(token).get('/v1/me')).status;
      const passes = async (seconds: number) => {
        await rotating.shiftTime(seconds);
        await keys.rotateWhenDue();
      };
      const before = (await keySet(rotating)).body.keys;
      expect(before).toHaveLength(1);

      await keys.rotate();
      const during = (await keySet(rotating)).body.keys;
      expect(during).toHaveLength(2);
      const kid = during.at(-1)?.kid;
      expect(
        await rotating.service.query('SELECT action, admin_id, subject_id, details FROM admin_action'),
      ).toEqual([
        { action: 'signing_key.rotate', admin_id: null, subject_id: kid, details: { atOnce: false } },
      ]);
      const { body: soon } = await rotating.refresh(person.refreshToken);
      expect(signedByOneOf(before, soon.accessToken)).toBe(true);

      await passes(601);
      const { body: later } = await rotating.refresh(soon.refreshToken);
      expect(signedByOneOf(before, later.accessToken)).toBe(false);
      expect(signedByOneOf(during, later.accessToken)).toBe(true);
      expect([await works(soon.accessToken), await works(later.accessToken)]).toEqual([200, 200]);

      await passes(901);
      const after = (await keySet(rotating)).body.keys;
      expect(after.map((key) => key.kid)).toEqual([headerOf(later.accessToken).kid]);
      expect(await works(later.accessToken)).toBe(200);

      await passes(91 * 24 * 3600);
      expect((await keySet(rotating)).body.keys).toHaveLength(2);
      await keys.rotateWhenDue();
      expect((await keySet(rotating)).body.keys).toHaveLength(2);
    } finally {
      await rotating.close();
    }
  });

  it('signs with a configured key, and rejects a weak one', async () => {
    const own = await startIdentity({ JWT_PRIVATE_KEY: PRIVATE_KEY });
    try {
      const person = await own.createUser();
      const { keys } = (await keySet(own)).body;
      expect(keys).toHaveLength(1);
      expect(signedByOneOf(keys, person.accessToken)).toBe(true);
      const [row] = await own.service.query<{ private_sealed: string | null }>('SELECT * FROM signing_key');
      expect(row?.private_sealed).toBeNull();
    } finally {
      await own.close();
    }
    const weakKey = generateKeyPairSync('rsa', { modulusLength: 1024 })
      .privateKey.export({ type: 'pkcs8', format: 'pem' })
      .toString();
    await expect(startIdentity({ JWT_PRIVATE_KEY: weakKey })).rejects.toThrow(/2048 bits/);
  });
});

describe('restart', () => {
  const again = (env: Record<string, string> = {}) =>
    startWithGeneratedKey({ DATABASE_URL: identity.service.env.DATABASE_URL ?? '', ...env });

  it('keeps the key, the sessions and the issued tokens valid', async () => {
    const restarted = await again();
    try {
      expect((await keySet(restarted)).body).toEqual((await keySet()).body);
      expect((await restarted.with(ada.accessToken).get('/v1/me')).status).toBe(200);
      expect((await restarted.refresh(ada.refreshToken)).status).toBe(200);
    } finally {
      await restarted.close();
    }
  });

  it('names the wrong setting if the stored key cannot be decrypted', async () => {
    const start = again({ ENCRYPTION_KEY: 'another-encryption-key-of-32-characters' });
    await expect(start).rejects.toThrow(/^The stored signing keys cannot be decrypted: ENCRYPTION_KEY/);
  });
});

describe('401 for tokens that the service did not sign', () => {
  const tampered = (change: object) => {
    const [header, , signature] = ada.accessToken.split('.');
    return `${header}.${encode({ ...claimsOf(ada.accessToken), ...change })}.${signature}`;
  };
  const attacker = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const signedByAttacker = (header: object) => {
    const signed = `${encode(header)}.${encode(claimsOf(ada.accessToken))}`;
    return `${signed}.${sign('sha256', Buffer.from(signed), attacker).toString('base64url')}`;
  };

  it.each<[string, () => Promise<string> | string]>([
    ['alg none', () => `${encode({ alg: 'none', typ: 'JWT' })}.${encode(claimsOf(ada.accessToken))}.`],
    [
      'alg none with the kid of a real key',
      () =>
        `${encode({ ...headerOf(ada.accessToken), alg: 'none' })}.${ada.accessToken.split('.')[1] ?? ''}.`,
    ],
    [
      'HS256 with the public key as the secret',
      async () => {
        const jwk = (await keySet()).body.keys[0] as Jwk;
        const secret = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
        const signed = `${encode({ alg: 'HS256', kid: jwk.kid })}.${encode(claimsOf(ada.accessToken))}`;
        return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
      },
    ],
    ['changed roles', () => tampered({ roles: ['guest', 'admin'] })],
    ['a changed subject', () => tampered({ sub: '019b0000-0000-7000-8000-000000000000' })],
    ['a changed expiry', () => tampered({ exp: 4_000_000_000 })],
    ['another key under a real kid', () => signedByAttacker(headerOf(ada.accessToken))],
    ['another key under its own kid', () => signedByAttacker({ alg: 'RS256', kid: 'attacker' })],
    [
      'a key inside the token',
      () => {
        const jwk = createPublicKey(attacker).export({ format: 'jwk' });
        return signedByAttacker({ alg: 'RS256', kid: 'attacker', jwk, jku: 'http://127.0.0.1:1/' });
      },
    ],
    ['a token without a signature', () => ada.accessToken.split('.').slice(0, 2).join('.')],
    ['a text that is not a token', () => 'nonsense'],
    ['a refresh token', () => ada.refreshToken],
  ])('rejects %s', async (_, token) => {
    expectProblem(await identity.with(await token()).get('/v1/me'), 401, 'auth.invalid_token');
  });

  it('rejects a valid token of a missing session', async () => {
    await identity.service.query('DELETE FROM session WHERE id = $1', [claimsOf(ada.accessToken).sid]);
    expectProblem(await identity.with(ada.accessToken).get('/v1/me'), 401, 'auth.invalid_token');
  });

  it('rejects an expired token', async () => {
    const own = await startIdentity({ JWT_PRIVATE_KEY: PRIVATE_KEY });
    try {
      const { accessToken } = await own.createUser();
      const expiring = (seconds: number) => {
        const exp = Math.floor(Date.now() / 1000) + seconds;
        const signed = `${encode(headerOf(accessToken))}.${encode({ ...claimsOf(accessToken), exp })}`;
        return `${signed}.${sign('sha256', Buffer.from(signed), PRIVATE_KEY).toString('base64url')}`;
      };
      expect((await own.with(expiring(60)).get('/v1/me')).status).toBe(200);
      expectProblem(await own.with(expiring(-60)).get('/v1/me'), 401, 'auth.invalid_token');
    } finally {
      await own.close();
    }
  });
});
