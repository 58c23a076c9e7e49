import type { TestService, TestUser } from '@roost/testing';
import { aHost, createCompleteDraft, createPublished, startListings } from './listings.fixture.js';

let service: TestService;
let host: TestUser;
beforeAll(async () => {
  service = await startListings();
  host = aHost();
});
afterAll(() => service.close());

interface Hinted {
  title: string;
  description: string;
  hints?: { code: string; pointer: string; detail: string }[];
}
const read = async (id: string) => (await service.as(host).get<Hinted>(`/v1/listings/${id}`)).body;
const codes = async (id: string) => (await read(id)).hints?.map(({ code, pointer }) => `${code} ${pointer}`);

const PHONE = 'Call +1 518 555 0123 first.';
const MASKED = 'Call [phone number hidden] first.';

describe('hints', () => {
  test('name what would improve a listing, to its host only', async () => {
    const { id } = await createPublished(service, host, { houseRules: '' });
    expect(await codes(id)).toEqual([
      'few_photos /photos',
      'short_description /description',
      'few_amenities /amenities',
      'no_house_rules /houseRules',
    ]);
    const amenities = ['wifi', 'kitchen', 'tv', 'heating', 'washer'];
    const change = { amenities, houseRules: 'No parties.', description: 'Quiet and bright. '.repeat(12) };
    await service.as(host).patch(`/v1/listings/${id}`, change);
    expect(await codes(id)).toEqual(['few_photos /photos']);
    const list = await service.as(host).get<{ data: Hinted[] }>('/v1/me/listings');
    expect(list.body.data.filter(({ hints }) => hints !== undefined)).toEqual([]);
    expect((await service.anonymous.get<Hinted>(`/v1/listings/${id}`)).body.hints).toBeUndefined();
  });
});

describe('contact data', () => {
  test('is named in a draft and masked when it is published', async () => {
    const texts = { title: 'Mail me: ada@example.com', houseRules: PHONE };
    const { id } = await createCompleteDraft(service, host, texts);
    expect((await codes(id))?.slice(0, 2)).toEqual(['contact_details /title', 'contact_details /houseRules']);
    expect(await read(id)).toMatchObject(texts);
    const published = await service.as(host).post(`/v1/listings/${id}/publish`);
    const masked = { title: 'Mail me: [mail address hidden]', houseRules: MASKED };
    expect(published.body).toMatchObject(masked);
    expect((await service.anonymous.get(`/v1/listings/${id}`)).body).toMatchObject(masked);
    expect((await codes(id))?.[0]).not.toMatch(/^contact_details/);
    const events = (await service.published('listing.published')).filter(({ listingId }) => listingId === id);
    expect(events).toMatchObject([{ title: masked.title }]);
  });

  test('of a listing from before texts were masked is named until the next change masks it', async () => {
    const { id } = await createPublished(service, host);
    await service.query('UPDATE listing SET description = $2 WHERE id = $1', [id, PHONE]);
    expect((await codes(id))?.[0]).toBe('contact_details /description');
    await service.as(host).put(`/v1/listings/${id}/stay-rules`, { minNights: 2 });
    expect(await read(id)).toMatchObject({ description: MASKED });
    expect((await codes(id))?.[0]).not.toMatch(/^contact_details/);
  });

  test('is masked when a published or paused listing is changed', async () => {
    const { id } = await createPublished(service, host);
    const change = (description: string) => service.as(host).patch(`/v1/listings/${id}`, { description });
    expect((await change(PHONE)).body).toMatchObject({ description: MASKED });
    await service.as(host).post(`/v1/listings/${id}/pause`);
    expect((await change(`Hello. ${PHONE}`)).body).toMatchObject({ description: `Hello. ${MASKED}` });
  });
});
