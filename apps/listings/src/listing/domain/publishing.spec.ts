import { missingToPublish, type Publishable } from './publishing.js';

const complete: Publishable = {
  title: 'A loft',
  description: 'Quiet.',
  address: { line1: '1 State St', city: 'Albany' },
  location: { lat: 42.65, lng: -73.75 },
  timeZone: 'America/New_York',
  currency: 'USD',
  capacity: 2,
  cancellationPolicy: 'flexible',
  pricing: { basePriceMinor: 100 },
  photos: [{}],
  imported: false,
};

test('returns nothing for a complete listing', () => {
  expect(missingToPublish(complete)).toEqual([]);
});

test.each<[string, Partial<Publishable>]>([
  ['/title', { title: ' ' }],
  ['/description', { description: '' }],
  ['/address', { address: null }],
  ['/address/line1', { address: { line1: '', city: 'Albany' } }],
  ['/address/city', { address: { line1: '1 State St', city: ' ' } }],
  ['/location', { location: null }],
  ['/timeZone', { timeZone: null }],
  ['/currency', { currency: null }],
  ['/capacity', { capacity: null }],
  ['/cancellationPolicy', { cancellationPolicy: null }],
  ['/pricing/basePriceMinor', { pricing: null }],
  ['/photos', { photos: [] }],
])('returns %s when it is not set', (pointer, without) => {
  expect(missingToPublish({ ...complete, ...without })).toEqual([pointer]);
});

test('returns every required field for an empty draft', () => {
  expect(
    missingToPublish({
      title: '',
      description: '',
      address: null,
      location: null,
      timeZone: null,
      currency: null,
      capacity: null,
      cancellationPolicy: null,
      pricing: null,
      photos: [],
      imported: false,
    }),
  ).toHaveLength(10);
});

test('requires neither photos nor a description of imported listings, but every other field', () => {
  const bare = { ...complete, imported: true, description: '', photos: [] };
  expect(missingToPublish(bare)).toEqual([]);
  expect(missingToPublish({ ...bare, title: '', pricing: null })).toEqual([
    '/title',
    '/pricing/basePriceMinor',
  ]);
});
