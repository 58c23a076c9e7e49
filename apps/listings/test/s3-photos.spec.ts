import { startService } from '@roost/service';
import {
  eventually,
  expectProblem,
  describeWith,
  S3Server,
  startTestService,
  TestProxy,
  type TestService,
  type TestUser,
} from '@roost/testing';
import { listings } from '../src/service.js';
import { aHost, createDraft, testImage, upload } from './listings.fixture.js';

interface Photo {
  id: string;
  url: string;
  variants: { url: string }[];
}

describeWith('versitygw')('photos in S3', () => {
  let s3: S3Server;
  let proxy: TestProxy;
  let service: TestService;
  let host: TestUser;

  beforeAll(async () => {
    s3 = await S3Server.start();
    proxy = await TestProxy.to(s3.env.S3_ENDPOINT ?? '');
    service = await startTestService(listings, { env: { ...s3.env, S3_ENDPOINT: proxy.url } });
    host = aHost();
  }, 120_000);
  afterEach(() => proxy.mend());
  afterAll(async () => {
    await service?.close();
    proxy?.close();
    await s3?.stop();
  });

  const fetchFile = (url: string) => service.anonymous.get(new URL(url, service.url).pathname);
  const photosOf = async (id: string) =>
    (await service.as(host).get<{ photos: Photo[] }>(`/v1/listings/${id}`)).body.photos;
  const readiness = () => service.anonymous.get('/health/ready');

  test('are stored, resized, served with an ETag and deleted', async () => {
    const draft = await createDraft(service, host);
    expect((await upload(service, host, draft, await testImage(700, 500))).status).toBe(201);
    const photo = await eventually(async () => {
      const [first] = await photosOf(draft);
      expect(first?.variants).toHaveLength(3);
      return first as Photo;
    });
    const prefix = `listings/photos/${photo.id}/`;
    expect((await s3.keys()).filter((key) => key.startsWith(prefix))).toHaveLength(4);
    const file = await fetchFile(photo.url);
    expect(file).toMatchObject({ status: 200 });
    expect(file.headers.get('content-type')).toBe('image/jpeg');
    expect(file.headers.get('cache-control')).toBe('public, max-age=300, must-revalidate');
    expect(file.headers.get('content-length')).toBe(String(file.bytes.byteLength));
    const repeated = await service.anonymous.get(new URL(photo.url).pathname, {
      'if-none-match': file.headers.get('etag') ?? '',
    });
    expect(repeated.status).toBe(304);

    expect((await service.as(host).delete(`/v1/listings/${draft}/photos/${photo.id}`)).status).toBe(204);
    await eventually(async () =>
      expect((await s3.keys()).filter((key) => key.startsWith(prefix))).toEqual([]),
    );
    expect((await fetchFile(photo.url)).status).toBe(404);
  });

  test('without S3, requests for photos are 503, the others succeed, and the service recovers', async () => {
    const draft = await createDraft(service, host);
    await upload(service, host, draft, await testImage(300, 200));
    const [photo] = await photosOf(draft);
    proxy.cut();
    expectProblem(await fetchFile(photo?.url ?? ''), 503, 'service.unavailable');
    expectProblem(await upload(service, host, draft, await testImage(300, 200)), 503, 'service.unavailable');
    expect(await photosOf(draft)).toHaveLength(1);
    expect(await readiness()).toMatchObject({
      status: 200,
      body: { status: 'degraded', parts: { files: 'degraded' } },
    });
    proxy.mend();
    await eventually(
      async () => expect(await readiness()).toMatchObject({ body: { status: 'up', parts: { files: 'up' } } }),
      { seconds: 20 },
    );
    expect((await fetchFile(photo?.url ?? '')).status).toBe(200);
  });

  test('an S3 that does not answer is 503 after a time limit', async () => {
    const draft = await createDraft(service, host);
    proxy.lose();
    expectProblem(await upload(service, host, draft, await testImage(300, 200)), 503, 'service.unavailable');
  }, 60_000);

  describe('a start is refused in one sentence', () => {
    test.each([
      [{ S3_BUCKET: 'absent' }, 'the bucket does not exist; create it, or correct S3_BUCKET.'],
      [{ S3_ACCESS_KEY_ID: 'unknown' }, 'the key is unknown; check S3_ACCESS_KEY_ID.'],
      [{ S3_SECRET_ACCESS_KEY: 'wrong' }, 'the secret is wrong; check S3_SECRET_ACCESS_KEY.'],
      [{ S3_REGION: 'eu-west-1' }, 'the region is wrong; check S3_REGION.'],
      [{ S3_ENDPOINT: 'http://127.0.0.1:5' }, 'no connection (ECONNREFUSED); check S3_ENDPOINT.'],
    ])('with %j', async (env, reason) => {
      const { FILE_STORE: _, ...wrong } = { ...s3.env, ...env } as Record<string, string>;
      await expect(
        startService(listings, { env: { ...service.env, ...wrong }, bus: service.bus }),
      ).rejects.toThrow(
        `listings can't store files in bucket ${wrong.S3_BUCKET} at ${wrong.S3_ENDPOINT}: ${reason}`,
      );
    });

    test('without the settings of S3', async () => {
      await expect(
        startService(listings, { env: { ...service.env, S3_BUCKET: '' }, bus: service.bus }),
      ).rejects.toThrow(
        'S3_BUCKET is missing: it must be the name of an existing bucket (FILE_STORE requires it).',
      );
    });
  });
});
