import { mergeDocuments } from './merge-documents.js';
import type { OpenApiDocument } from './openapi.js';
import { buildRouteTable, serviceOf } from './route-table.js';

const info = { title: 'Roost', version: '1' };
const bearer = [{ bearer: [] }];

function aDocument(paths: OpenApiDocument['paths'], schemas: Record<string, unknown> = {}): OpenApiDocument {
  return { openapi: '3.0.0', info, paths, components: { schemas } };
}

describe('the route table', () => {
  const listings = aDocument({
    '/v1/listings/{id}': { get: { security: [{}, { bearer: [] }] }, patch: { security: bearer } },
    '/v1/listings/search': { get: { security: [] } },
  });
  const bookings = aDocument({
    '/v1/listings/{listingId}/calendar': { get: { security: [] } },
    '/v1/calendars/{token}.ics': { get: { security: [] } },
    '/v1/listings/{listingId}': { get: { security: [] } },
    '/v1/bookings': { post: {} },
  });
  const table = buildRouteTable(
    new Map([
      ['listings', listings],
      ['bookings', bookings],
    ]),
  );

  it.each([
    ['GET', '/v1/listings/42', 'listings', 'optional'],
    ['HEAD', '/v1/listings/42', 'listings', 'optional'],
    ['PATCH', '/v1/listings/42', 'listings', 'user'],
    ['GET', '/v1/listings/search', 'listings', 'public'],
    ['GET', '/v1/listings/42/calendar', 'bookings', 'public'],
    ['GET', '/v1/calendars/abc-DEF_1.ics', 'bookings', 'public'],
    ['POST', '/v1/bookings', 'bookings', 'user'],
  ])('%s %s belongs to %s with access %s', (method, path, service, access) => {
    expect(table.find(method, path)).toMatchObject({ service, access });
  });

  it.each([
    ['GET', '/v1/nothing'],
    ['POST', '/v1/listings/search'],
    ['GET', '/v1/listings/'],
    ['GET', '/v1/listings/42/calendar/extra'],
    ['GET', '/v1/calendars/abc'],
    ['TRACE', '/v1/bookings'],
  ])('%s %s has no route', (method, path) => {
    expect(table.find(method, path)).toBeNull();
  });

  it('gives an operation in two documents to the first service and reports the clash', () => {
    expect(table.clashes).toEqual([
      { method: 'GET', path: '/v1/listings/{listingId}', owner: 'listings', claimedBy: 'bookings' },
    ]);
  });

  it('gives an operation in two documents to its previous owner', () => {
    const reordered = new Map([
      ['bookings', bookings],
      ['listings', listings],
    ]);
    const previous = new Map([['listings', listings]]);
    const table = buildRouteTable(reordered, buildRouteTable(previous));
    expect(table.find('GET', '/v1/listings/42')?.service).toBe('listings');
    expect(buildRouteTable(reordered).find('GET', '/v1/listings/42')?.service).toBe('bookings');
  });
});

describe('a route that services share', () => {
  const requiring = (...services: string[]) =>
    aDocument({
      '/v1/admin/jobs': {
        get: { parameters: [{ name: 'service', in: 'query', required: true, schema: { enum: services } }] },
      },
    });
  const documents = new Map([
    ['identity', requiring('identity')],
    ['bookings', requiring('bookings')],
    ['reviews', aDocument({})],
  ]);
  const table = buildRouteTable(documents);

  it.each([
    ['?service=bookings', 'bookings'],
    ['?limit=1&service=identity', 'identity'],
    // The first one rejects the request.
    ['', 'identity'],
    ['?service=reviews', 'identity'],
    ['?service=bookings&service=identity', 'identity'],
  ])('with %s belongs to %s', (query, service) => {
    const route = table.find('GET', '/v1/admin/jobs');
    expect(route && serviceOf(route, `/v1/admin/jobs${query}`)).toBe(service);
  });

  it('is no clash, and lists its services in the merged document', () => {
    expect(table.clashes).toEqual([]);
    expect(mergeDocuments(documents, table, info).paths['/v1/admin/jobs']?.get?.parameters).toEqual([
      { name: 'service', in: 'query', required: true, schema: { enum: ['identity', 'bookings'] } },
    ]);
  });

  it('is a clash if one of them requires no name, or the name of another', () => {
    for (const other of [requiring('identity'), requiring('bookings', 'reviews'), requiring()]) {
      const { clashes } = buildRouteTable(new Map([...documents, ['bookings', other]]));
      expect(clashes).toMatchObject([{ owner: 'identity', claimedBy: 'bookings' }]);
    }
  });
});

describe('the merged document', () => {
  const page = { type: 'object', properties: { a: { $ref: '#/components/schemas/Item' } } };
  const first = aDocument(
    { '/a': { get: { responses: { 200: { content: { $ref: '#/components/schemas/Page' } } } } } },
    { Page: page, Problem: { type: 'object' } },
  );
  const second = aDocument(
    {
      '/a': { get: {}, post: {} },
      '/b': { get: { responses: { 200: { content: { $ref: '#/components/schemas/Page' } } } } },
    },
    { Page: { type: 'array' }, Problem: { type: 'object' } },
  );
  const documents = new Map([
    ['first', first],
    ['second', second],
  ]);
  const merged = mergeDocuments(documents, buildRouteTable(documents), info);

  it('contains every path, and each operation of its owner', () => {
    expect(Object.keys(merged.paths)).toEqual(['/a', '/b']);
    expect(merged.paths['/a']?.get).toEqual(first.paths['/a']?.get);
    expect(merged.paths['/a']?.post).toEqual({});
  });

  it('shares equal schemas and renames different ones, with their references', () => {
    expect(Object.keys(merged.components?.schemas ?? {}).sort()).toEqual(['Page', 'Problem', 'SecondPage']);
    expect(merged.paths['/b']?.get).toEqual({
      responses: { 200: { content: { $ref: '#/components/schemas/SecondPage' } } },
    });
    expect(merged.components?.schemas?.SecondPage).toEqual({ type: 'array' });
  });
});
