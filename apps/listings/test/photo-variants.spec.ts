import { jest } from '@jest/globals';
import { Buffer } from 'node:buffer';
import { EntityManager } from '@mikro-orm/postgresql';
import { FileStore, LOGGER } from '@roost/platform';
import { eventually, expectProblem, type TestService, type TestUser } from '@roost/testing';
import type { Logger } from 'pino';
import sharp from 'sharp';
import { PhotoQueue } from '../src/photo/photo.queue.js';
import { PhotoResizing } from '../src/photo/photo.resizing.js';
import { aHost, aPicture, givenDraft, givenPublished, startListings, upload } from './given.js';

let service: TestService;
let host: TestUser;
let draft: string;
beforeAll(async () => {
  service = await startListings();
  host = aHost();
});
beforeEach(async () => {
  draft = await givenDraft(service, host);
});
afterEach(() => jest.restoreAllMocks());
afterAll(() => service.close());

interface Photo {
  id: string;
  url: string;
  variants: { width: number; url: string }[];
}

const photosOf = async (id: string) =>
  (await service.as(host).get<{ photos: Photo[] }>(`/v1/listings/${id}`)).body.photos;
const fetched = (url: string) => service.anonymous.get(new URL(url, service.url).pathname);

/** The photo of a listing, once it has its variants. */
function resized(id: string): Promise<Photo> {
  return eventually(async () => {
    const [photo] = await photosOf(id);
    expect(photo?.variants).not.toEqual([]);
    return photo as Photo;
  });
}

/** As if Redis had lost every job. */
const loseJobs = () => jest.spyOn(service.get(PhotoQueue), 'resize').mockReturnValue(undefined);

test('an upload has its JPEG at once, and WebP of a few widths soon after', async () => {
  const res = await upload(service, host, draft, await aPicture(1500, 1000));
  expect(res.body).toMatchObject({ width: 1500, height: 1000, variants: [] });
  const photo = await resized(draft);
  expect(photo.variants).toEqual(
    [320, 640, 1280, 1500].map((width) => ({
      width,
      url: `http://localhost:3000/v1/photos/${photo.id}/${width}.webp`,
    })),
  );
  for (const { width, url } of photo.variants) {
    const file = await fetched(url);
    expect(file.status).toBe(200);
    expect(file.headers.get('content-type')).toBe('image/webp');
    expect(file.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(file.headers.get('x-content-type-options')).toBe('nosniff');
    const height = Math.round((width * 2) / 3);
    expect(await sharp(Buffer.from(file.bytes)).metadata()).toMatchObject({ format: 'webp', width, height });
  }
  expect((await fetched(photo.url)).headers.get('content-type')).toBe('image/jpeg');
});

test('a small photo is not blown up, a huge one is 2048 wide at most', async () => {
  await upload(service, host, draft, await aPicture(200, 100));
  expect((await resized(draft)).variants.map(({ width }) => width)).toEqual([200]);
  const other = await givenDraft(service, host);
  await upload(service, host, other, await aPicture(4000, 1000));
  expect((await resized(other)).variants.map(({ width }) => width)).toEqual([320, 640, 1280, 2048]);
});

test('no variant knows where it was taken, and all stand upright', async () => {
  const exif = {
    IFD0: { Make: 'Some Camera', Artist: 'The Host' },
    IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '42/1 39/1 9/1' },
  };
  const original = await sharp(await aPicture(900, 300))
    .withExif(exif)
    .withMetadata({ orientation: 6 })
    .toBuffer();
  expect((await sharp(original).metadata()).exif).toBeDefined();
  await upload(service, host, draft, original);
  for (const { width, url } of (await resized(draft)).variants) {
    const bytes = Buffer.from((await fetched(url)).bytes);
    const after = await sharp(bytes).metadata();
    expect(after).toMatchObject({ width, height: width * 3 });
    expect([after.exif, after.xmp, after.iptc, after.orientation]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(bytes.toString('latin1')).not.toMatch(/Some Camera|The Host|Exif|GPS/);
  }
});

test('doing it again changes nothing: not the files, not the row', async () => {
  await upload(service, host, draft, await aPicture(700, 400));
  const { id, variants } = await resized(draft);
  const row = () => service.query('SELECT photos, version, xmin FROM listing WHERE id = $1', [draft]);
  const [before, bytes] = [await row(), (await fetched(variants[0]?.url ?? '')).bytes];
  await service.get(PhotoResizing).resize({ listingId: draft, photoId: id });
  expect(await row()).toEqual(before);
  await service.query(
    `UPDATE listing SET photos = jsonb_build_array(photos -> 0 #- '{widths}') WHERE id = $1`,
    [draft],
  );
  await service.get(PhotoResizing).resize({ listingId: draft, photoId: id });
  expect((await fetched(variants[0]?.url ?? '')).bytes).toEqual(bytes);
  expect((await photosOf(draft))[0]?.variants).toEqual(variants);
});

test('two replicas at once agree', async () => {
  loseJobs();
  const { body } = await upload(service, host, draft, await aPicture(700, 400));
  const place = { listingId: draft, photoId: body.id };
  const replica = () =>
    new PhotoResizing(service.get(EntityManager), service.get(FileStore), service.get<Logger>(LOGGER));
  await Promise.all([replica().resize(place), replica().resize(place)]);
  expect((await photosOf(draft))[0]?.variants.map(({ width }) => width)).toEqual([320, 640, 700]);
});

test('Redis lost: the sweeper finds every photo without variants, in its listing’s row', async () => {
  loseJobs();
  for (let i = 0; i < 3; i += 1) await upload(service, host, draft, await aPicture(400, 300));
  expect((await photosOf(draft)).map(({ variants }) => variants)).toEqual([[], [], []]);
  await service.clock.advance('PT1M');
  expect((await photosOf(draft)).map(({ variants }) => variants.length)).toEqual([2, 2, 2]);
  await service.clock.reset();
});

test('what the host changes meanwhile stays, and no tag or version of the listing moves', async () => {
  loseJobs();
  const { body } = await upload(service, host, draft, await aPicture(400, 300));
  const before = await service.as(host).get(`/v1/listings/${draft}`);
  const etag = before.headers.get('etag') ?? '';
  const [, edited] = await Promise.all([
    service.get(PhotoResizing).resize({ listingId: draft, photoId: body.id }),
    service.as(host).patch(`/v1/listings/${draft}`, { title: 'Renamed' }, { 'if-match': etag }),
  ]);
  expect(edited.status).toBe(200);
  const after = await service.as(host).get<{ title: string; photos: Photo[] }>(`/v1/listings/${draft}`);
  expect(after.body.title).toBe('Renamed');
  expect(after.body.photos[0]?.variants).toHaveLength(2);
});

test('readers see a new tag once there are variants', async () => {
  loseJobs();
  const { id, photoId } = await givenPublished(service, host);
  const before = await service.anonymous.get(`/v1/listings/${id}`);
  await service.get(PhotoResizing).resize({ listingId: id, photoId });
  const after = await service.anonymous.get(`/v1/listings/${id}`, {
    'if-none-match': before.headers.get('etag') ?? '',
  });
  expect(after.status).toBe(200);
});

test('a photo deleted while it is resized leaves no file', async () => {
  loseJobs();
  const { body } = await upload(service, host, draft, await aPicture(400, 300));
  const files = service.get(FileStore);
  const put = files.put.bind(files);
  jest.spyOn(files, 'put').mockImplementationOnce(async (key, content) => {
    await service.as(host).delete(`/v1/listings/${draft}/photos/${body.id}`);
    await put(key, content);
  });
  await service.get(PhotoResizing).resize({ listingId: draft, photoId: body.id });
  for (const name of ['display.jpg', '320.webp', '400.webp']) {
    expectProblem(await fetched(`/v1/photos/${body.id}/${name}`), 404, 'photo.not_found');
  }
});

test('deleting a photo deletes its variants', async () => {
  await upload(service, host, draft, await aPicture(400, 300));
  const { id, variants } = await resized(draft);
  expect((await service.as(host).delete(`/v1/listings/${draft}/photos/${id}`)).status).toBe(204);
  for (const { url } of variants) {
    await eventually(async () => expect((await fetched(url)).status).toBe(404));
  }
});

test('a photo without its file is given up, not tried for ever', async () => {
  loseJobs();
  const { body } = await upload(service, host, draft, await aPicture(400, 300));
  await service.get(FileStore).delete(`photos/${body.id}/display.jpg`);
  await service.clock.advance('PT1M');
  expect(await service.get(PhotoResizing).due(100)).toEqual([]);
  await service.clock.reset();
});

test('404 for a width that nobody made, without a word to caches', async () => {
  await upload(service, host, draft, await aPicture(400, 300));
  const { id } = await resized(draft);
  for (const name of ['641.webp', '2048.webp', '9999.webp']) {
    const res = await fetched(`/v1/photos/${id}/${name}`);
    expectProblem(res, 404, 'photo.not_found');
    expect(res.headers.get('cache-control') ?? '').not.toContain('immutable');
  }
  for (const name of ['0.webp', '12345.webp', '640.png', 'original.jpg']) {
    expectProblem(await fetched(`/v1/photos/${id}/${name}`), 400, 'request.invalid');
  }
});
