import { jest } from '@jest/globals';
import { Buffer } from 'node:buffer';
import { EntityManager } from '@mikro-orm/postgresql';
import { Transactions } from '@roost/messaging';
import { FileStore, LOGGER } from '@roost/platform';
import { eventually, expectProblem, type TestService, type TestUser } from '@roost/testing';
import type { Logger } from 'pino';
import sharp from 'sharp';
import { PageInvalidation } from '../src/cache/page-invalidation.js';
import { PhotoFilesService } from '../src/photo/photo-files.service.js';
import { PhotoResizerService } from '../src/photo/photo-resizer.service.js';
import { PhotoQueue } from '../src/photo/photo.queue.js';
import { aHost, testImage, createDraft, createPublished, startListings, upload } from './listings.fixture.js';

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
afterEach(() => jest.restoreAllMocks());
afterAll(() => service.close());

interface Photo {
  id: string;
  url: string;
  variants: { width: number; url: string }[];
}

const photosOf = async (id: string) =>
  (await service.as(host).get<{ photos: Photo[] }>(`/v1/listings/${id}`)).body.photos;
const fetchFile = (url: string) => service.anonymous.get(new URL(url, service.url).pathname);

/** Waits until the first photo of a listing has variants, and returns it. */
function waitForVariants(id: string): Promise<Photo> {
  return eventually(async () => {
    const [photo] = await photosOf(id);
    expect(photo?.variants).not.toEqual([]);
    return photo as Photo;
  });
}

/** Simulates that Redis loses every job. */
const loseJobs = () => jest.spyOn(service.get(PhotoQueue), 'enqueueResize').mockReturnValue(undefined);

/** The same, and no periodic sweep finds a photo either. */
function stopResizing(): void {
  loseJobs();
  jest.spyOn(service.get(PhotoResizerService), 'findDue').mockResolvedValue([]);
}

test('serves the JPEG immediately after the upload, and WebP variants once they are rendered', async () => {
  const res = await upload(service, host, draft, await testImage(1500, 1000));
  expect(res.body).toMatchObject({ width: 1500, height: 1000, variants: [] });
  const photo = await waitForVariants(draft);
  expect(photo.variants).toEqual(
    [320, 640, 1280, 1500].map((width) => ({
      width,
      url: `http://localhost:3000/v1/photos/${photo.id}/${width}.webp`,
    })),
  );
  for (const { width, url } of photo.variants) {
    const file = await fetchFile(url);
    expect(file.status).toBe(200);
    expect(file.headers.get('content-type')).toBe('image/webp');
    expect(file.headers.get('cache-control')).toBe('public, max-age=300, must-revalidate');
    expect(file.headers.get('x-content-type-options')).toBe('nosniff');
    const height = Math.round((width * 2) / 3);
    expect(await sharp(Buffer.from(file.bytes)).metadata()).toMatchObject({ format: 'webp', width, height });
  }
  expect((await fetchFile(photo.url)).headers.get('content-type')).toBe('image/jpeg');
});

test('never enlarges a photo, and limits its width to 2048', async () => {
  await upload(service, host, draft, await testImage(200, 100));
  expect((await waitForVariants(draft)).variants.map(({ width }) => width)).toEqual([200]);
  const other = await createDraft(service, host);
  await upload(service, host, other, await testImage(4000, 1000));
  expect((await waitForVariants(other)).variants.map(({ width }) => width)).toEqual([320, 640, 1280, 2048]);
});

test('renders upright variants without metadata', async () => {
  const exif = {
    IFD0: { Make: 'Some Camera', Artist: 'The Host' },
    IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '42/1 39/1 9/1' },
  };
  const original = await sharp(await testImage(900, 300))
    .withExif(exif)
    .withMetadata({ orientation: 6 })
    .toBuffer();
  expect((await sharp(original).metadata()).exif).toBeDefined();
  await upload(service, host, draft, original);
  for (const { width, url } of (await waitForVariants(draft)).variants) {
    const bytes = Buffer.from((await fetchFile(url)).bytes);
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

test('changes neither the files nor the row when a photo is resized again', async () => {
  await upload(service, host, draft, await testImage(700, 400));
  const { id, variants } = await waitForVariants(draft);
  const row = () => service.query('SELECT photos, version, xmin FROM listing WHERE id = $1', [draft]);
  const [before, bytes] = [await row(), (await fetchFile(variants[0]?.url ?? '')).bytes];
  await service.get(PhotoResizerService).resize({ listingId: draft, photoId: id });
  expect(await row()).toEqual(before);
  await service.query(
    `UPDATE listing SET photos = jsonb_build_array(photos -> 0 #- '{widths}') WHERE id = $1`,
    [draft],
  );
  await service.get(PhotoResizerService).resize({ listingId: draft, photoId: id });
  expect((await fetchFile(variants[0]?.url ?? '')).bytes).toEqual(bytes);
  expect((await photosOf(draft))[0]?.variants).toEqual(variants);
});

test('produces the same variants in two replicas at the same time', async () => {
  loseJobs();
  const { body } = await upload(service, host, draft, await testImage(700, 400));
  const ref = { listingId: draft, photoId: body.id };
  const replica = () =>
    new PhotoResizerService(
      service.get(EntityManager),
      service.get(PhotoFilesService),
      service.get(Transactions),
      service.get(PageInvalidation),
      service.get<Logger>(LOGGER),
    );
  await Promise.all([replica().resize(ref), replica().resize(ref)]);
  expect((await photosOf(draft))[0]?.variants.map(({ width }) => width)).toEqual([320, 640, 700]);
});

test('finds every photo without variants in the sweeper when jobs are lost', async () => {
  const lost = loseJobs();
  for (let i = 0; i < 3; i += 1) await upload(service, host, draft, await testImage(400, 300));
  // A periodic sweep may already have found some of them.
  expect(lost).toHaveBeenCalledTimes(3);
  await service.clock.advance('PT1M');
  expect((await photosOf(draft)).map(({ variants }) => variants.length)).toEqual([2, 2, 2]);
  await service.clock.reset();
});

test('keeps a concurrent change by the host, and changes neither the ETag of the host nor the version', async () => {
  loseJobs();
  const { body } = await upload(service, host, draft, await testImage(400, 300));
  const before = await service.as(host).get(`/v1/listings/${draft}`);
  const etag = before.headers.get('etag') ?? '';
  const [, edited] = await Promise.all([
    service.get(PhotoResizerService).resize({ listingId: draft, photoId: body.id }),
    service.as(host).patch(`/v1/listings/${draft}`, { title: 'Renamed' }, { 'if-match': etag }),
  ]);
  expect(edited.status).toBe(200);
  const after = await service.as(host).get<{ title: string; photos: Photo[] }>(`/v1/listings/${draft}`);
  expect(after.body.title).toBe('Renamed');
  expect(after.body.photos[0]?.variants).toHaveLength(2);
});

test('changes the ETag of readers when the variants are rendered', async () => {
  stopResizing();
  const { id, photoId } = await createPublished(service, host);
  const before = await service.anonymous.get(`/v1/listings/${id}`);
  await service.get(PhotoResizerService).resize({ listingId: id, photoId });
  const after = await service.anonymous.get(`/v1/listings/${id}`, {
    'if-none-match': before.headers.get('etag') ?? '',
  });
  expect(after.status).toBe(200);
});

test('leaves no file of a photo that is deleted while it is resized', async () => {
  stopResizing();
  const { body } = await upload(service, host, draft, await testImage(400, 300));
  const files = service.get(FileStore);
  const put = files.put.bind(files);
  jest.spyOn(files, 'put').mockImplementationOnce(async (key, content) => {
    await service.as(host).delete(`/v1/listings/${draft}/photos/${body.id}`);
    await put(key, content);
  });
  await service.get(PhotoResizerService).resize({ listingId: draft, photoId: body.id });
  for (const name of ['display.jpg', '320.webp', '400.webp']) {
    expectProblem(await fetchFile(`/v1/photos/${body.id}/${name}`), 404, 'photo.not_found');
  }
});

test('deletes the variants with the photo', async () => {
  await upload(service, host, draft, await testImage(400, 300));
  const { id, variants } = await waitForVariants(draft);
  expect((await service.as(host).delete(`/v1/listings/${draft}/photos/${id}`)).status).toBe(204);
  for (const { url } of variants) {
    await eventually(async () => expect((await fetchFile(url)).status).toBe(404));
  }
});

test('abandons a photo whose file is missing', async () => {
  loseJobs();
  const { body } = await upload(service, host, draft, await testImage(400, 300));
  await service.get(FileStore).delete(`photos/${body.id}/display.jpg`);
  await service.clock.advance('PT1M');
  expect(await service.get(PhotoResizerService).findDue(100)).toEqual([]);
  await service.clock.reset();
});

test('responds with 404, without caching headers, for a width that does not exist', async () => {
  await upload(service, host, draft, await testImage(400, 300));
  const { id } = await waitForVariants(draft);
  for (const name of ['641.webp', '2048.webp', '9999.webp']) {
    const res = await fetchFile(`/v1/photos/${id}/${name}`);
    expectProblem(res, 404, 'photo.not_found');
    expect(res.headers.get('cache-control')).toBe('no-store');
  }
  for (const name of ['0.webp', '12345.webp', '640.png', 'original.jpg']) {
    expectProblem(await fetchFile(`/v1/photos/${id}/${name}`), 400, 'request.invalid');
  }
});
