import { expectProblem, type TestService, type TestUser } from '@roost/testing';
import { aHost, aPicture, givenDraft, givenPublished, startListings, upload } from './given.js';

let service: TestService;
let host: TestUser;
beforeAll(async () => {
  service = await startListings();
  host = aHost();
});
afterAll(() => service.close());

interface WithPhotos {
  photos: { id: string; url: string }[];
  coverUrl: string;
}
const read = async (id: string) => (await service.as(host).get<WithPhotos>(`/v1/listings/${id}`)).body;
const idsOf = async (id: string) => (await read(id)).photos.map((photo) => photo.id);
const order = (id: string, photoIds: unknown, user = host) =>
  service.as(user).put(`/v1/listings/${id}/photos/order`, { photoIds });

async function threePhotos(): Promise<{ id: string; photoIds: [string, string, string] }> {
  const { id } = await givenPublished(service, host);
  for (let i = 0; i < 2; i += 1) await upload(service, host, id, await aPicture());
  return { id, photoIds: (await idsOf(id)) as [string, string, string] };
}

describe('204', () => {
  test('the order is the host’s; the first photo is the cover, in events and in search', async () => {
    const { id, photoIds } = await threePhotos();
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

  test('a deleted photo is gone, file and all; the next one is the cover', async () => {
    const { id, photoIds } = await threePhotos();
    const [a, b, c] = photoIds;
    const url = new URL((await read(id)).photos[0]?.url ?? '').pathname;
    expect((await service.anonymous.get(url)).status).toBe(200);
    expect((await service.as(host).delete(`/v1/listings/${id}/photos/${a}`)).status).toBe(204);
    expect(await idsOf(id)).toEqual([b, c]);
    const gone = await service.anonymous.get(url);
    expectProblem(gone, 404, 'photo.not_found');
    expect(gone.headers.get('cache-control') ?? '').not.toContain('immutable');
  });
});

describe('400', () => {
  test('every photo, once', async () => {
    const { id, photoIds } = await threePhotos();
    const [a, b, c] = photoIds;
    const elsewhere = (await givenPublished(service, host)).photoId;
    for (const wrong of [[a, b], [a, b, b], [a, b, c, c], [a, b, elsewhere], [a, b, c, elsewhere], []]) {
      expectProblem(await order(id, wrong), 400, 'request.invalid', '/photoIds');
    }
    expectProblem(await order(id, ['1', b, c]), 400, 'request.invalid', '/photoIds/0');
    expect(await idsOf(id)).toEqual(photoIds);
  });
});

describe('403', () => {
  test('the photos of somebody else', async () => {
    const { id, photoIds } = await threePhotos();
    const thief = aHost();
    expectProblem(await order(id, photoIds.toReversed(), thief), 403, 'listing.forbidden');
    const res = await service.as(thief).delete(`/v1/listings/${id}/photos/${photoIds[0]}`);
    expectProblem(res, 403, 'listing.forbidden');
    expect(await idsOf(id)).toEqual(photoIds);
  });
});

describe('404', () => {
  test('a photo of another listing', async () => {
    const { id } = await threePhotos();
    const other = await givenPublished(service, host);
    const res = await service.as(host).delete(`/v1/listings/${id}/photos/${other.photoId}`);
    expectProblem(res, 404, 'photo.not_found');
    expect(await idsOf(other.id)).toEqual([other.photoId]);
  });

  test('the draft of somebody else', async () => {
    const id = await givenDraft(service, host);
    expectProblem(await order(id, [], aHost()), 404, 'listing.not_found');
  });

  test.each(['01890a5d-ac96-774b-bcce-b302099a8057/display.jpg'])(
    'a file that is not there: %s',
    async (path) => {
      expectProblem(await service.anonymous.get(`/v1/photos/${path}`), 404, 'photo.not_found');
    },
  );
});

describe('400 for a path that is none', () => {
  test.each(['%2e%2e%2f%2e%2e%2fetc/passwd', '01890a5d-ac96-774b-bcce-b302099a8057/..%2f..%2fdisplay.jpg'])(
    '%s',
    async (path) => {
      const res = await service.anonymous.get(`/v1/photos/${path}`);
      expectProblem(res, 400, 'request.invalid');
    },
  );
});

describe('409', () => {
  test('the last photo of a published listing stays', async () => {
    const { id, photoId } = await givenPublished(service, host);
    const res = await service.as(host).delete(`/v1/listings/${id}/photos/${photoId}`);
    expectProblem(res, 409, 'listing.incomplete');
    expect(res.body.missing).toEqual(['/photos']);
    expect(await idsOf(id)).toEqual([photoId]);
  });
});
