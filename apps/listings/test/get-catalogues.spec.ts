import type { TestService } from '@roost/testing';
import { startListings } from './listings.fixture.js';

let service: TestService;
beforeAll(async () => {
  service = await startListings();
});
afterAll(() => service.close());

interface Item {
  code: string;
  labels: { en: string; fr: string };
  aliases: string[];
  group?: string;
}

describe('200', () => {
  test('lists amenities by group and property types, with labels in both languages', async () => {
    const { status, body, headers } = await service.anonymous.get<{
      amenities: Item[];
      propertyTypes: Item[];
    }>('/v1/catalogues');
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('public, max-age=86400');
    expect(body.amenities).toContainEqual({
      code: 'hair_dryer',
      labels: { en: 'Hair dryer', fr: 'Sèche-cheveux' },
      aliases: ['hair dryer', 'hairdryer'],
      group: 'bathroom',
    });
    expect(body.propertyTypes).toContainEqual({
      code: 'house',
      labels: { en: 'House', fr: 'Maison' },
      aliases: ['home', 'house'],
    });
  });

  test('returns the same items in GraphQL', async () => {
    const { data } = await service.anonymous.graphql(
      '{ catalogues { amenities { code group labels { fr } } propertyTypes { code } } }',
    );
    expect(data).toMatchObject({
      catalogues: {
        amenities: expect.arrayContaining([
          { code: 'washer', group: 'laundry', labels: { fr: 'Lave-linge' } },
        ]) as unknown,
        propertyTypes: expect.arrayContaining([{ code: 'apartment' }]) as unknown,
      },
    });
  });
});

describe('304', () => {
  test('has no body if the client has the current version', async () => {
    const etag = (await service.anonymous.get('/v1/catalogues')).headers.get('etag') ?? '';
    const again = await service.anonymous.get('/v1/catalogues', { 'if-none-match': etag });
    expect(again.status).toBe(304);
  });
});
