import { Buffer } from 'node:buffer';
import { randomBytes, randomUUID } from 'node:crypto';
import { FileStore } from '@roost/platform';
import { expectProblem, pngDeclaring, type TestService, type TestUser, testUser } from '@roost/testing';
import sharp from 'sharp';
import {
  aGuest,
  aHost,
  testImage,
  createDraft,
  createPublished,
  startListings,
  upload,
} from './listings.fixture.js';

let service: TestService;
let host: TestUser;
let draft: string;
beforeAll(async () => {
  service = await startListings();
  host = aHost();
});
beforeEach(async () => {
  draft = await createDraft(service, host);
});
afterAll(() => service.close());

const photosOf = async (id: string) =>
  (await service.as(host).get<{ photos: { id: string }[] }>(`/v1/listings/${id}`)).body.photos;
const fetchFile = async (url: string) => {
  const res = await service.anonymous.get(new URL(url).pathname);
  return { res, bytes: Buffer.from(res.bytes) };
};
const SCRIPT = '<script>alert(document.domain)</script>';

describe('201', () => {
  test.each(['jpeg', 'png', 'webp', 'avif'] as const)('converts a %s to a public JPEG', async (format) => {
    const res = await upload(service, host, draft, await testImage(320, 200, format));
    expect(res.status).toBe(201);
    expect(res.body).toMatchObject({ width: 320, height: 200 });
    expect(await photosOf(draft)).toMatchObject([{ id: res.body.id, url: res.body.url }]);
    const { res: file, bytes } = await fetchFile(res.body.url);
    expect(file.status).toBe(200);
    expect(file.headers.get('content-type')).toBe('image/jpeg');
    expect(file.headers.get('x-content-type-options')).toBe('nosniff');
    expect(file.headers.get('cache-control')).toBe('public, max-age=300, must-revalidate');
    expect(await sharp(bytes).metadata()).toMatchObject({ format: 'jpeg', width: 320, height: 200 });
  });

  test('is not public while its listing is suspended', async () => {
    const { id } = await createPublished(service, host);
    const { url } = (await upload(service, host, id, await testImage())).body;
    const admin = service.as(testUser({ roles: ['admin'] }));
    const path = new URL(url).pathname;
    const cached = service.anonymous.with({
      'if-none-match': String((await service.anonymous.get(path)).headers.get('etag')),
    });
    await admin.post(`/v1/admin/listings/${id}/suspend`);
    for (const client of [service.anonymous, cached, service.as(host)]) {
      const response = await client.get(path);
      expectProblem(response, 404, 'photo.not_found');
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(response.headers.get('etag')).toBeNull();
    }
    await admin.post(`/v1/admin/listings/${id}/reinstate`);
    expect((await service.anonymous.get(path)).status).toBe(200);
    expect((await cached.get(path)).status).toBe(304);
  });

  test('is read again with its ETag, in any spelling of its id', async () => {
    const { body } = await upload(service, host, draft, await testImage());
    const path = new URL(body.url).pathname;
    const first = await service.anonymous.get(path);
    const etag = String(first.headers.get('etag'));
    expect(etag).toMatch(/^".+"$/);
    const again = await service.anonymous
      .with({ 'if-none-match': etag })
      .get(path.replace(body.id, body.id.toUpperCase()));
    expect(again.status).toBe(304);
    expect(again.bytes).toHaveLength(0);
    expect(again.headers.get('etag')).toBe(etag);
    expect(again.headers.get('cache-control')).toBe('public, max-age=300, must-revalidate');
    expect((await service.anonymous.with({ 'if-none-match': '"other"' }).get(path)).status).toBe(200);
  });

  test('is not served if no listing has it, although its file remains', async () => {
    const path = `photos/${randomUUID()}/display.jpg`;
    await service.get(FileStore).put(path, await testImage());
    expectProblem(await service.anonymous.get(`/v1/${path}`), 404, 'photo.not_found');
  });

  test('ignores the file name and the content type of the client', async () => {
    const png = await testImage(64, 64, 'png');
    const res = await upload(service, host, draft, {
      bytes: png,
      type: 'text/html',
      name: '../../etc/passwd.html',
    });
    expect(res.status).toBe(201);
    expect((await fetchFile(res.body.url)).res.headers.get('content-type')).toBe('image/jpeg');
  });

  test('accepts any field name', async () => {
    for (const field of ['file', 'photo']) {
      expect((await upload(service, host, draft, { bytes: await testImage(), field })).status).toBe(201);
    }
  });

  test('scales a large photo down', async () => {
    const res = await upload(service, host, draft, await testImage(4096, 1024));
    expect(res.body).toMatchObject({ width: 2048, height: 512 });
  });

  test('removes position, camera and profile, and rotates the photo upright', async () => {
    const exif = {
      IFD0: { Make: 'Some Camera', Artist: 'The Host', Orientation: '6' },
      IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '42/1 39/1 9/1' },
    };
    const original = await sharp(await testImage(300, 100))
      .withExif(exif)
      .withMetadata({ orientation: 6 })
      .toBuffer();
    const before = await sharp(original).metadata();
    expect(before.exif).toBeDefined();
    expect(before.orientation).toBe(6);
    const res = await upload(service, host, draft, original);
    expect(res.body).toMatchObject({ width: 100, height: 300 });
    const { bytes } = await fetchFile(res.body.url);
    const after = await sharp(bytes).metadata();
    expect(after.exif).toBeUndefined();
    expect(after.xmp).toBeUndefined();
    expect(after.iptc).toBeUndefined();
    expect(bytes.toString('latin1')).not.toMatch(/Some Camera|The Host|Exif/);
  });

  test('removes the non-image content of a polyglot file', async () => {
    const jpeg = await testImage(64, 64);
    const comment = Buffer.from(SCRIPT);
    const marker = Buffer.alloc(4);
    marker.writeUInt16BE(0xfffe, 0);
    marker.writeUInt16BE(comment.length + 2, 2);
    const zip = Buffer.from('PK\x03\x04 and the rest of an archive', 'latin1');
    const polyglot = Buffer.concat([jpeg.subarray(0, 2), marker, comment, jpeg.subarray(2), zip, comment]);
    const res = await upload(service, host, draft, { bytes: polyglot, name: 'x.html', type: 'text/html' });
    expect(res.status).toBe(201);
    const { bytes } = await fetchFile(res.body.url);
    expect(bytes.includes('script')).toBe(false);
    expect(bytes.includes(zip)).toBe(false);
  });

  test('creates one photo per idempotency key', async () => {
    const image = await testImage();
    const headers = { 'idempotency-key': 'this-photo' };
    const first = await upload(service, host, draft, { bytes: image, headers });
    expect(first.status).toBe(201);
    // Another form boundary and file name, but the same photo.
    const second = await upload(service, host, draft, { bytes: image, headers, name: 'again.jpg' });
    expect([second.status, second.body]).toEqual([201, first.body]);
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    expect(await photosOf(draft)).toHaveLength(1);
  });

  test('stores all photos of concurrent uploads', async () => {
    const images = await Promise.all(Array.from({ length: 5 }, () => testImage()));
    const responses = await Promise.all(images.map((image) => upload(service, host, draft, image)));
    expect(responses.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201]);
    expect((await photosOf(draft)).map(({ id }) => id).sort()).toEqual(
      responses.map(({ body }) => body.id).sort(),
    );
  });
});

describe('400', () => {
  test('rejects a form without a file', async () => {
    const form = new FormData();
    form.set('file', 'just text');
    const res = await service.as(host).post(`/v1/listings/${draft}/photos`, form);
    expectProblem(res, 400, 'request.invalid', '/file');
  });

  test.each([2, 3])('rejects a form with %d files and stores none', async (count) => {
    const form = new FormData();
    const image = new Blob([new Uint8Array(await testImage())], { type: 'image/jpeg' });
    for (let at = 0; at < count; at += 1) form.append(at === 0 ? 'file' : `other${at}`, image, `${at}.jpg`);
    const res = await service.as(host).post(`/v1/listings/${draft}/photos`, form);
    expectProblem(res, 400, 'request.invalid', '/file');
    expect(await photosOf(draft)).toEqual([]);
  });

  test('rejects an incomplete multipart body', async () => {
    const body = '--x\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\nabc';
    const res = await service
      .as(host)
      .post(`/v1/listings/${draft}/photos`, body, { 'content-type': 'multipart/form-data; boundary=x' });
    expect(res.status).toBe(400);
    expect(res.headers.get('content-type')).toMatch(/problem\+json/);
    expect(await photosOf(draft)).toEqual([]);
  });
});

describe('401, 403 and 404', () => {
  test('rejects anonymous users, guests and other hosts', async () => {
    const { id } = await createPublished(service, host);
    const image = await testImage();
    expect((await upload(service, { ...host, token: '' }, id, image)).status).toBe(401);
    expectProblem(await upload(service, aGuest(), id, image), 403, 'auth.forbidden');
    expectProblem(await upload(service, aHost(), id, image), 403, 'listing.forbidden');
    expectProblem(await upload(service, aHost(), draft, image), 404, 'listing.not_found');
    expect(await photosOf(id)).toHaveLength(1);
    expect(await photosOf(draft)).toEqual([]);
  });
});

describe('409', () => {
  test('rejects an upload to an archived listing', async () => {
    await service.as(host).post(`/v1/listings/${draft}/archive`);
    expectProblem(await upload(service, host, draft, await testImage()), 409, 'listing.archived');
  });

  test('rejects the 51st photo', async () => {
    await service.query(
      `UPDATE listing SET photos = (SELECT jsonb_agg(jsonb_build_object('id', uuidv7(), 'width', 9, 'height', 9))
         FROM generate_series(1, 50)) WHERE id = $1`,
      [draft],
    );
    expectProblem(await upload(service, host, draft, await testImage()), 409, 'photo.limit_reached');
  });
});

describe('413', () => {
  test('rejects a file of more than 15 MB', async () => {
    const tooLarge = Buffer.concat([await testImage(), Buffer.alloc(15 * 1024 * 1024)]);
    expectProblem(await upload(service, host, draft, tooLarge), 413, 'request.too_large');
    expect(await photosOf(draft)).toEqual([]);
  });
});

describe('415', () => {
  test.each<[string, () => Promise<Buffer> | Buffer]>([
    ['an HTML page that is declared as a photo', () => Buffer.from(`<!doctype html>${SCRIPT}`)],
    [
      'an SVG',
      () => Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64">${SCRIPT}</svg>`),
    ],
    ['a GIF', () => testImage(64, 64, 'gif')],
    ['a PDF', () => Buffer.from('%PDF-1.7 and so on, and so on')],
    ['a file of three bytes', () => Buffer.from([0xff, 0xd8, 0xff])],
    ['an empty file', () => Buffer.alloc(0)],
  ])('rejects %s', async (_, make) => {
    const res = await upload(service, host, draft, await make());
    expectProblem(res, 415, 'request.unsupported_media_type');
    expect(await photosOf(draft)).toEqual([]);
  });

  test('rejects a JSON body', async () => {
    const res = await service.as(host).post(`/v1/listings/${draft}/photos`, { photo: 'aGVsbG8=' });
    expectProblem(res, 415, 'request.unsupported_media_type');
  });
});

describe('422', () => {
  test.each<[string, () => Promise<Buffer> | Buffer]>([
    ['a truncated JPEG', async () => (await testImage(800, 800)).subarray(0, 700)],
    ['a JPEG of noise', () => Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(500, 7)])],
    ['a decompression bomb', () => pngDeclaring(30_000, 30_000)],
    ['a photo that is too wide', () => pngDeclaring(65_000, 16)],
    ['a photo of one pixel', () => testImage(1, 1, 'png')],
  ])('rejects %s', async (_, make) => {
    const res = await upload(service, host, draft, await make());
    expectProblem(res, 422, 'photo.invalid');
    expect(await photosOf(draft)).toEqual([]);
  });

  test('rejects an idempotency key that was used for another photo', async () => {
    const headers = { 'idempotency-key': 'one-of-two-photos' };
    const large = await sharp(randomBytes(1200 * 1200 * 3), {
      raw: { width: 1200, height: 1200, channels: 3 },
    })
      .png()
      .toBuffer();
    expect(large.length).toBeGreaterThan(1024 * 1024);
    const changed = Buffer.concat([large, Buffer.from([0])]);
    expect((await upload(service, host, draft, { bytes: large, headers })).status).toBe(201);
    for (const other of [changed, await testImage(), Buffer.alloc(0)]) {
      expectProblem(
        await upload(service, host, draft, { bytes: other, headers }),
        422,
        'idempotency.key_reused',
      );
    }
    expect(await photosOf(draft)).toHaveLength(1);
  });

  test('accepts an idempotency key again after an upload that was too large', async () => {
    const headers = { 'idempotency-key': 'too-large-at-first' };
    const tooLarge = Buffer.concat([await testImage(), Buffer.alloc(15 * 1024 * 1024)]);
    expectProblem(await upload(service, host, draft, { bytes: tooLarge, headers }), 413, 'request.too_large');
    expect((await upload(service, host, draft, { bytes: await testImage(), headers })).status).toBe(201);
  });

  test('stores one of two photos that are uploaded concurrently with one key', async () => {
    const headers = { 'idempotency-key': 'at-once' };
    const images = [await testImage(64, 64), await testImage(64, 48)];
    const responses = await Promise.all(
      images.map((image) => upload(service, host, draft, { bytes: image, headers })),
    );
    expect(responses.map(({ status }) => status).sort()).toEqual([201, 422]);
    expect(await photosOf(draft)).toHaveLength(1);
  });
});
