import { expectProblem, type TestService, type TestUser } from '@roost/testing';
import { aHost, testImage, createDraft, createPublished, startListings, upload } from './listings.fixture.js';

let service: TestService;
let host: TestUser;
beforeAll(async () => {
  service = await startListings();
  host = aHost();
});
afterAll(() => service.close());

interface ListingBody {
  photos: { id: string; url: string }[];
  coverUrl: string;
}
const read = async (id: string) => (await service.as(host).get<ListingBody>(`/v1/listings/${id}`)).body;
const idsOf = async (id: string) => (await read(id)).photos.map((photo) => photo.id);
const order = (id: string, photoIds: unknown, user = host) =>
  service.as(user).put(`/v1/listings/${id}/photos/order`, { photoIds });

async function createWithThreePhotos(): Promise<{ id: string; photoIds: [string, string, string] }> {
  const { id } = await createPublished(service, host);
  for (let i = 0; i < 2; i += 1) await upload(service, host, id, await testImage());
  return { id, photoIds: (await idsOf(id)) as [string, string, string] };
}

describe('204', () => {
  test('stores the order, and uses the first photo as the cover in events and in search', async () => {
    const { id, photoIds } = await createWithThreePhotos();
    const [a, b, c] = photoIds;
    expect((await order(id, [c, a, b])).status).toBe(204);
    expect(await idsOf(id)).toEqual([c, a, b]);
    expect((await read(id)).coverUrl).toContain(c);
    expect((await service.published('listing.changed')).at(-1)?.coverUrl).toContain(c);
    const search = await service.anonymous.get<{ data: { id: string; coverUrl: string }[] }>(
      `/v1/listings/search?hostId=${host.id}&limit=100`,
    );
    expect(search.body.data.find((hit) => hit.id === id)?.coverUrl).toContain(c);
  });

  test('deletes a photo with its file, and uses the next one as the cover', async () => {
    const { id, photoIds } = await createWithThreePhotos();
    const [a, b, c] = photoIds;
    const url = new URL((await read(id)).photos[0]?.url ?? '').pathname;
    expect((await service.anonymous.get(url)).status).toBe(200);
    expect((await service.as(host).delete(`/v1/listings/${id}/photos/${a}`)).status).toBe(204);
    expect(await idsOf(id)).toEqual([b, c]);
    const deleted = await service.anonymous.get(url);
    expectProblem(deleted, 404, 'photo.not_found');
    expect(deleted.headers.get('cache-control')).toBe('no-store');
  });
});

describe('400', () => {
  test('rejects a list that does not contain every photo exactly once', async () => {
    const { id, photoIds } = await createWithThreePhotos();
    const [a, b, c] = photoIds;
    const photoOfOtherListing = (await createPublished(service, host)).photoId;
    for (const wrong of [
      [a, b],
      [a, b, b],
      [a, b, c, c],
      [a, b, photoOfOtherListing],
      [a, b, c, photoOfOtherListing],
      [],
    ]) {
      expectProblem(await order(id, wrong), 400, 'request.invalid', '/photoIds');
    }
    expectProblem(await order(id, ['1', b, c]), 400, 'request.invalid', '/photoIds/0');
    expect(await idsOf(id)).toEqual(photoIds);
  });
});

describe('403', () => {
  test('rejects changes to the photos of another host', async () => {
    const { id, photoIds } = await createWithThreePhotos();
    const otherHost = aHost();
    expectProblem(await order(id, photoIds.toReversed(), otherHost), 403, 'listing.forbidden');
    const res = await service.as(otherHost).delete(`/v1/listings/${id}/photos/${photoIds[0]}`);
    expectProblem(res, 403, 'listing.forbidden');
    expect(await idsOf(id)).toEqual(photoIds);
  });
});

describe('404', () => {
  test('rejects a photo of another listing', async () => {
    const { id } = await createWithThreePhotos();
    const other = await createPublished(service, host);
    const res = await service.as(host).delete(`/v1/listings/${id}/photos/${other.photoId}`);
    expectProblem(res, 404, 'photo.not_found');
    expect(await idsOf(other.id)).toEqual([other.photoId]);
  });

  test('rejects a draft of another host', async () => {
    const id = await createDraft(service, host);
    expectProblem(await order(id, [], aHost()), 404, 'listing.not_found');
  });

  test.each(['01890a5d-ac96-774b-bcce-b302099a8057/display.jpg'])(
    'responds with 404 for the missing file %s',
    async (path) => {
      expectProblem(await service.anonymous.get(`/v1/photos/${path}`), 404, 'photo.not_found');
    },
  );
});

describe('400 for an invalid path', () => {
  test.each(['%2e%2e%2f%2e%2e%2fetc/passwd', '01890a5d-ac96-774b-bcce-b302099a8057/..%2f..%2fdisplay.jpg'])(
    'rejects %s',
    async (path) => {
      const res = await service.anonymous.get(`/v1/photos/${path}`);
      expectProblem(res, 400, 'request.invalid');
    },
  );
});

describe('409', () => {
  test('rejects the deletion of the last photo of a published listing', async () => {
    const { id, photoId } = await createPublished(service, host);
    const res = await service.as(host).delete(`/v1/listings/${id}/photos/${photoId}`);
    expectProblem(res, 409, 'listing.incomplete');
    expect(res.body.missing).toEqual(['/photos']);
    expect(await idsOf(id)).toEqual([photoId]);
  });
});
