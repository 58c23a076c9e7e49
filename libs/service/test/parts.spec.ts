import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { decodeCursor, encodeCursor, etagOf, page, tagsMatch } from '@roost/http';
import {
  catalogue,
  DiskFileStore,
  Encryption,
  hmac,
  Problem,
  randomToken,
  sameSecret,
  uuidv7,
} from '@roost/platform';
import { waitSeconds, zodToOpenApi } from '@roost/http';
import { isOutage, serializeError } from '@roost/platform';

describe('the error catalogue', () => {
  const codes = Object.keys(catalogue);

  test('is sorted, and each code says noun.reason', () => {
    expect(codes).toEqual([...codes].sort());
    for (const code of codes) if (code !== 'internal') expect(code).toMatch(/^[a-z]+\.[a-z]+(_[a-z]+)*$/);
  });

  test.each(Object.entries(catalogue))(
    '%s has a status, a title and a page that helps',
    (_code, { status, title, page: { what, fix } }) => {
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(600);
      expect(title).toMatch(/^[A-Z].*[^.]$/);
      for (const sentence of [what, fix]) expect(sentence).toMatch(/^\S.*\.$/s);
    },
  );

  test('a problem knows its status and carries what helps', () => {
    const problem = new Problem('listing.incomplete', undefined, { missing: ['/photos'] });
    expect(problem.toBody({ publicUrl: 'https://x.example', instance: '/v1', traceId: 't' })).toEqual({
      type: 'https://x.example/errors/listing.incomplete',
      title: 'The listing is not complete',
      status: 409,
      detail: 'The listing is not complete',
      instance: '/v1',
      code: 'listing.incomplete',
      traceId: 't',
      missing: ['/photos'],
    });
  });

  test('what is added can not change what it is', () => {
    const problem = new Problem('listing.incomplete', undefined, { status: 200, code: 'fine' });
    expect(problem.toBody({ publicUrl: '', instance: '', traceId: '' })).toMatchObject({
      status: 409,
      code: 'listing.incomplete',
    });
  });
});

describe('uuidv7', () => {
  test('sorts by making, also within a millisecond', () => {
    const ids = Array.from({ length: 20_000 }, () => uuidv7());
    expect(ids).toEqual([...ids].sort());
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids.slice(0, 100))
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test('starts with the time', () => {
    const millis = parseInt(uuidv7().replaceAll('-', '').slice(0, 12), 16);
    expect(Math.abs(millis - Date.now())).toBeLessThan(2_000);
  });
});

describe('secrets', () => {
  const encryption = new Encryption('a secret of the operator, long enough');

  test('what is encrypted comes back, under the same context only', () => {
    const sealed = encryption.encrypt('https://example.com/feed?token=1', 'feed.url');
    expect(sealed).not.toContain('example');
    expect(encryption.encrypt('https://example.com/feed?token=1', 'feed.url')).not.toBe(sealed);
    expect(encryption.decrypt(sealed, 'feed.url')).toBe('https://example.com/feed?token=1');
    expect(() => encryption.decrypt(sealed, 'user.mfa')).toThrow();
    expect(() => new Encryption('another').decrypt(sealed, 'feed.url')).toThrow();
  });

  test('a changed byte is noticed', () => {
    const [version, iv, tag, body = ''] = encryption.encrypt('text').split('.');
    const changed = Buffer.from(body, 'base64url');
    changed[0] = (changed[0] ?? 0) ^ 1;
    expect(() => encryption.decrypt([version, iv, tag, changed.toString('base64url')].join('.'))).toThrow();
    expect(() =>
      encryption.decrypt(
        [
          version,
          iv,
          Buffer.from(tag ?? '', 'base64url')
            .subarray(0, 4)
            .toString('base64url'),
          body,
        ].join('.'),
      ),
    ).toThrow();
    expect(() => encryption.decrypt('nonsense')).toThrow('format of an encrypted value');
  });

  test('RFC 4231, case 2', () => {
    expect(hmac('Jefe', 'what do ya want for nothing?').toString('hex')).toBe(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    );
  });

  test('secrets compare by content', () => {
    expect(sameSecret('a', Buffer.from('a'))).toBe(true);
    expect(sameSecret('a', 'ab')).toBe(false);
    expect(randomToken()).toMatch(/^[\w-]{43}$/);
  });
});

describe('files on disk', () => {
  const root = mkdtempSync(join(tmpdir(), 'roost-files-'));
  const store = new DiskFileStore(root);
  afterAll(() => rmSync(root, { recursive: true }));

  test('put, get, replace, delete', async () => {
    await store.put('photos/a/large.webp', Buffer.from('one'));
    await store.put('photos/a/large.webp', Readable.from(['two', '!']));
    const file = await store.get('photos/a/large.webp');
    expect(file?.sizeBytes).toBe(4);
    expect(await text(file?.stream ?? Readable.from([]))).toBe('two!');
    await store.delete('photos/a/large.webp');
    expect(await store.get('photos/a/large.webp')).toBeNull();
    await store.delete('photos/a/large.webp');
  });

  test('a broken upload leaves nothing', async () => {
    const broken = Readable.from(
      (function* () {
        yield 'half';
        throw new Error('gone');
      })(),
    );
    await expect(store.put('broken/file', broken)).rejects.toThrow('gone');
    expect(await store.get('broken/file')).toBeNull();
    expect(readdirSync(join(root, 'broken'))).toEqual([]);
  });

  test.each([
    '../etc/passwd',
    '/etc/passwd',
    'a/../../b',
    'a//b',
    '',
    '.hidden',
    'a/.b',
    'a\0b',
    'x'.repeat(400),
  ])('no way out: %j', async (key) => {
    await expect(store.get(key)).rejects.toThrow('file key');
    await expect(store.put(key, Buffer.from(''))).rejects.toThrow('file key');
  });
});

describe('pages, tags, waits', () => {
  test('a page has a cursor only when there is more', () => {
    expect(page([1, 2, 3], 2, (n) => [n])).toMatchObject({ data: [1, 2], nextCursor: encodeCursor([2]) });
    expect(page([1, 2], 2, (n) => [n]).nextCursor).toBeNull();
    expect(page([], 2, (n) => [n])).toMatchObject({ data: [], nextCursor: null });
    expect(decodeCursor(encodeCursor([2, 'ü']), z.tuple([z.int(), z.string()]))).toEqual([2, 'ü']);
    expect(decodeCursor(undefined, z.tuple([z.int()]))).toBeNull();
  });

  test('a tag is of a value and its viewer', () => {
    expect(etagOf({ a: 1 })).toBe(etagOf({ a: 1 }));
    expect(etagOf({ a: 1 })).not.toBe(etagOf({ a: 2 }));
    expect(etagOf(1, 'me')).not.toBe(etagOf(1, 'you'));
    expect(etagOf(1)).toMatch(/^"[\w-]{22}"$/);
    expect(tagsMatch('"a", W/"b"', '"b"')).toBe(true);
    expect(tagsMatch('*', '"b"')).toBe(true);
    expect(tagsMatch('"a"', '"b"')).toBe(false);
  });

  test.each([
    ['wait=5', 5],
    ['respond-async, wait=100', 20],
    ['WAIT = "7"', 7],
    ['wait=-1', 0],
    ['wait=x', 0],
    ['await=5', 0],
    [undefined, 0],
  ])('Prefer: %s', (header, seconds) => {
    expect(waitSeconds(header)).toBe(seconds);
  });
});

describe('zod to OpenAPI', () => {
  const Inner = z.strictObject({ kind: z.enum(['a', 'b']).default('a') }).meta({ id: 'Inner' });
  const Plain = z.strictObject({ id: z.uuid() }).meta({ id: 'Plain' });
  const Outer = z
    .strictObject({ inner: Inner, plain: Plain, at: z.iso.date(), n: z.int() })
    .meta({ id: 'Outer' });

  test('what differs as a request, and all around it, is renamed; the rest is not', () => {
    const { components } = zodToOpenApi(Outer, { schemaType: 'input' } as never) as {
      components: Record<string, { required: string[] }>;
    };
    expect(Object.keys(components).sort()).toEqual(['InnerInput', 'OuterInput', 'Plain']);
    expect(JSON.stringify(components)).toContain('/InnerInput"');
    expect(components.OuterInput).toMatchObject({
      additionalProperties: false,
      properties: { at: { type: 'string', format: 'date' }, n: { type: 'integer' } },
    });
    expect(JSON.stringify(components.OuterInput)).not.toMatch(/pattern|9007199254740991/);
  });

  test('answers may grow', () => {
    const { components } = zodToOpenApi(Outer, { schemaType: 'output' } as never) as {
      components: Record<string, object>;
    };
    expect(Object.keys(components).sort()).toEqual(['Inner', 'Outer', 'Plain']);
    expect(JSON.stringify(components)).not.toContain('additionalProperties');
  });
});

describe('errors of the database', () => {
  const failed = (code: string, message = 'x') => Object.assign(new Error(message), { code });

  test.each(['57P01', '57P03', '08006', '53300', '57014', '40001', 'ECONNREFUSED', 'ECONNRESET'])(
    '%s is an outage',
    (code) => {
      expect(isOutage(failed(code))).toBe(true);
      expect(isOutage(new Error('wrapped', { cause: failed(code) }))).toBe(true);
    },
  );

  test.each(['23505', '42P01', '22P02', '22021', 'ENOENT'])('%s is not', (code) => {
    expect(isOutage(failed(code))).toBe(false);
  });

  test('a log says which, not what', () => {
    const error = Object.assign(
      failed('23505', 'insert into "user" ("email") - Key (email)=(ann@example.com) exists'),
      {
        detail: 'Key (email)=(ann@example.com)',
        constraint: 'user_email',
      },
    );
    expect(serializeError(error)).toMatchObject({ message: 'PostgreSQL 23505', constraint: 'user_email' });
    expect(JSON.stringify(serializeError(error))).not.toContain('ann@');
  });
});
