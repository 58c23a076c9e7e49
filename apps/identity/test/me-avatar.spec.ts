import { expectProblem, pngDeclaring } from '@roost/testing';
import sharp from 'sharp';
import { startIdentity, type TestAccount, type TestIdentity } from './identity.fixture.js';

let identity: TestIdentity;
let ada: TestAccount;
beforeAll(async () => {
  identity = await startIdentity();
});
beforeEach(async () => {
  ada = await identity.createUser();
});
afterAll(() => identity.close());

const RED = '#b41e1e';
const picture = (width = 640, height = 480, format: 'jpeg' | 'png' | 'webp' | 'avif' | 'gif' = 'jpeg') =>
  sharp({ create: { width, height, channels: 3, background: RED } })
    .toFormat(format)
    .toBuffer();

function upload(bytes: Buffer, { accessToken } = ada) {
  const form = new FormData();
  form.set('file', new Blob([new Uint8Array(bytes)], { type: 'image/jpeg' }), '../avatar.html');
  return identity.with(accessToken).put<{ avatarUrl: string }>('/v1/me/avatar', form);
}

/** Sets an avatar and returns the path of its URL. */
async function setAvatar(bytes?: Buffer): Promise<string> {
  const { status, body } = await upload(bytes ?? (await picture()));
  expect(status).toBe(200);
  return new URL(body.avatarUrl).pathname;
}

const read = (path: string, headers: Record<string, string> = {}) => identity.anonymous.get(path, headers);
const profile = () => identity.anonymous.get(`/v1/users/${ada.id}`);
const me = async () => (await identity.with(ada.accessToken).get('/v1/me')).body;
const stored = () => identity.service.query('SELECT id FROM avatar WHERE user_id = $1', [ada.id]);

async function expectNoAvatar(): Promise<void> {
  expect(await stored()).toEqual([]);
  expect(await me()).toMatchObject({ avatarUrl: null });
}

describe('PUT /v1/me/avatar', () => {
  it.each(['jpeg', 'png', 'webp', 'avif'] as const)('200: converts a %s to a square WebP', async (format) => {
    const path = await setAvatar(await picture(640, 480, format));
    const { status, headers, bytes } = await read(path);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('image/webp');
    expect(headers.get('cache-control')).toBe('public, max-age=86400, immutable');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
    expect(await sharp(Buffer.from(bytes)).metadata()).toMatchObject({
      format: 'webp',
      width: 512,
      height: 512,
    });
  });

  it('200: shows the URL in the account and in the public profile, which have new ETags', async () => {
    const before = await profile();
    expect(before.body.avatarUrl).toBeNull();
    const { body, headers } = await upload(await picture());
    expect(body).toEqual(await me());
    const { avatarUrl } = body;
    expect(avatarUrl).toMatch(/^http:\/\/localhost:3000\/v1\/avatars\/[0-9a-f-]{36}$/);
    const unchanged = { 'if-none-match': headers.get('etag') ?? '' };
    expect((await identity.with(ada.accessToken).get('/v1/me', unchanged)).status).toBe(304);
    const after = await identity.anonymous.get(`/v1/users/${ada.id}`, {
      'if-none-match': before.headers.get('etag') ?? '',
    });
    expect(after).toMatchObject({ status: 200, body: { avatarUrl } });
    const { data } = await identity.anonymous.graphql('query ($id: ID!) { user(id: $id) { avatarUrl } }', {
      id: ada.id,
    });
    expect(data?.user).toEqual({ avatarUrl });
  });

  it('200: shows the centre of a wide picture, upright', async () => {
    const wide = await sharp({ create: { width: 900, height: 300, channels: 3, background: '#ffffff' } })
      .composite([{ input: await picture(300, 300, 'png'), left: 300, top: 0 }])
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    const { bytes } = await read(await setAvatar(wide));
    const { channels } = await sharp(Buffer.from(bytes)).stats();
    expect(channels[0]?.mean).toBeGreaterThan(170);
    expect(channels[0]?.mean).toBeLessThan(190);
    expect(channels[1]?.mean).toBeLessThan(45);
  });

  it('200: removes metadata and the content of a polyglot file', async () => {
    const page = Buffer.from('<script>alert(document.domain)</script>');
    const jpeg = await sharp(await picture())
      .withExif({
        IFD0: { Make: 'Some Camera' },
        IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '42/1 39/1 9/1' },
      })
      .toBuffer();
    const { bytes } = await read(await setAvatar(Buffer.concat([jpeg, page])));
    const after = await sharp(Buffer.from(bytes)).metadata();
    expect([after.exif, after.xmp, after.iptc]).toEqual([undefined, undefined, undefined]);
    expect(Buffer.from(bytes).toString('latin1')).not.toMatch(/Some Camera|script/);
  });

  it('200: each upload has a new URL, and the previous one does not exist any more', async () => {
    const [first, second] = [await setAvatar(), await setAvatar()];
    expect(second).not.toBe(first);
    expectProblem(await read(first), 404, 'avatar.not_found');
    expect((await read(second)).status).toBe(200);
    expect(await stored()).toHaveLength(1);
  });

  it('200: of two uploads at once, the account shows the one that is stored', async () => {
    const image = await picture();
    const responses = await Promise.all([upload(image), upload(image)]);
    expect(responses.map(({ status }) => status)).toEqual([200, 200]);
    const { avatarUrl } = await me();
    expect((await read(new URL(String(avatarUrl)).pathname)).status).toBe(200);
  });

  it('400: requires a file', async () => {
    const form = new FormData();
    form.set('file', 'just text');
    const response = await identity.with(ada.accessToken).put('/v1/me/avatar', form);
    expectProblem(response, 400, 'request.invalid', '/file');
  });

  it('401 and 403: requires a user who is not suspended and has verified their address', async () => {
    const image = await picture();
    expectProblem(await identity.anonymous.put('/v1/me/avatar', new FormData()), 401, 'auth.missing_token');
    const unverified = await identity.createUser({ emailVerified: false });
    expectProblem(await upload(image, unverified), 403, 'auth.email_unverified');
    await identity.service.query(`UPDATE user_account SET status = 'suspended' WHERE id = $1`, [ada.id]);
    expectProblem(await upload(image), 403, 'account.suspended');
    // The account is checked before the file is decoded.
    expectProblem(await upload(Buffer.alloc(20)), 403, 'account.suspended');
    const removed = await identity.with(ada.accessToken).delete('/v1/me/avatar');
    expectProblem(removed, 403, 'account.suspended');
    expect(await stored()).toEqual([]);
  });

  it('413: rejects a file of more than 15 MB', async () => {
    const tooLarge = Buffer.concat([await picture(), Buffer.alloc(15 * 1024 * 1024)]);
    expectProblem(await upload(tooLarge), 413, 'request.too_large');
    await expectNoAvatar();
  });

  it.each<[string, () => Promise<Buffer> | Buffer]>([
    ['an HTML page', () => Buffer.from('<!doctype html><title>A page</title>')],
    ['an SVG', () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"/>')],
    ['a GIF', () => picture(64, 64, 'gif')],
  ])('415: rejects %s', async (_, make) => {
    expectProblem(await upload(await make()), 415, 'request.unsupported_media_type');
    await expectNoAvatar();
  });

  it.each<[string, () => Promise<Buffer> | Buffer]>([
    ['a truncated JPEG', async () => (await picture(800, 800)).subarray(0, 700)],
    ['a decompression bomb', () => pngDeclaring(30_000, 30_000)],
    ['a picture of one pixel', () => picture(1, 1, 'png')],
  ])('422: rejects %s', async (_, make) => {
    expectProblem(await upload(await make()), 422, 'photo.invalid');
    await expectNoAvatar();
  });

  it('keeps the previous avatar after an upload that was rejected', async () => {
    const path = await setAvatar();
    expectProblem(await upload(pngDeclaring(30_000, 30_000)), 422, 'photo.invalid');
    expect((await read(path)).status).toBe(200);
  });
});

describe('DELETE /v1/me/avatar', () => {
  it('204: removes the avatar, also when there is none', async () => {
    const path = await setAvatar();
    const remove = () => identity.with(ada.accessToken).delete('/v1/me/avatar');
    expect((await remove()).status).toBe(204);
    expectProblem(await read(path), 404, 'avatar.not_found');
    await expectNoAvatar();
    expect((await profile()).body.avatarUrl).toBeNull();
    expect((await remove()).status).toBe(204);
    expect(await identity.actionsOf(ada)).toEqual([
      ['profile.changed', { fields: ['avatar'] }],
      ['profile.changed', { fields: ['avatar'] }],
      ['account.registered', {}],
    ]);
  });

  it('exists in GraphQL', async () => {
    const path = await setAvatar();
    const { data } = await identity
      .with(ada.accessToken)
      .graphql('mutation { removeAvatar { id avatarUrl } }');
    expect(data?.removeAvatar).toEqual({ id: ada.id, avatarUrl: null });
    expectProblem(await read(path), 404, 'avatar.not_found');
  });
});

describe('GET /v1/avatars/{avatarId}', () => {
  it('304 for its ETag', async () => {
    const path = await setAvatar();
    const etag = (await read(path)).headers.get('etag') ?? '';
    const again = await read(path, { 'if-none-match': etag });
    expect([again.status, again.bytes.length]).toEqual([304, 0]);
    expect(again.headers.get('cache-control')).toBe('public, max-age=86400, immutable');
  });

  it('404 for an unknown id', async () => {
    expectProblem(await read('/v1/avatars/019b0000-0000-7000-8000-000000000000'), 404, 'avatar.not_found');
  });

  it('404 while the user is suspended, also for a cache that has the avatar', async () => {
    const path = await setAvatar();
    const etag = (await read(path)).headers.get('etag') ?? '';
    const stand = (status: string) =>
      identity.service.query('UPDATE user_account SET status = $2 WHERE id = $1', [ada.id, status]);
    await stand('suspended');
    for (const client of [identity.anonymous, identity.anonymous.with({ 'if-none-match': etag })]) {
      const response = await client.get(path);
      expectProblem(response, 404, 'avatar.not_found');
      expect(response.headers.get('cache-control')).toBe('no-store');
    }
    await stand('active');
    expect((await read(path)).status).toBe(200);
  });

  it('404 at once when the account is erased, and nothing of the avatar remains', async () => {
    const path = await setAvatar();
    expect((await identity.with(ada.accessToken).delete('/v1/me')).status).toBe(202);
    expectProblem(await read(path), 404, 'avatar.not_found');
    expect(await stored()).toEqual([]);
    expect(
      await identity.service.query('SELECT avatar_id FROM user_account WHERE id = $1', [ada.id]),
    ).toEqual([{ avatar_id: null }]);
  });
});
