import { releasedDocument } from '@roost/app-gateway/release';
import { apiCollection, type Document } from './collection.js';
import { exampleOf } from './example.js';
import type { Item } from './postman.js';

test('an example has the required fields, and what the document gives', () => {
  const schemas = {
    Guests: { type: 'object', properties: { adults: { type: 'integer', minimum: 1 } }, required: ['adults'] },
  };
  const schema = {
    type: 'object',
    required: ['id', 'date', 'guests', 'state', 'tags', 'text'],
    properties: {
      id: { type: 'string', format: 'uuid' },
      date: { type: 'string', format: 'date', example: '2027-05-01' },
      guests: { $ref: '#/components/schemas/Guests' },
      state: { enum: ['open', 'closed'] },
      tags: { type: 'array', minItems: 1, items: { anyOf: [{ type: 'string', minLength: 14 }] } },
      text: { allOf: [{ $ref: '#/components/schemas/Guests' }] },
      optional: { type: 'string' },
    },
  };
  expect(exampleOf(schema, schemas)).toEqual({
    id: '01890000-0000-7000-8000-000000000000',
    date: '2027-05-01',
    guests: { adults: 1 },
    state: 'open',
    tags: ['Example text..'],
    text: { adults: 1 },
  });
});

test('has every operation of the document but the stream of events, each read with an expected status', async () => {
  const document = (await releasedDocument()) as unknown as Document;
  const { item: folders } = apiCollection(document) as { item: Item[] };
  const requests = (item: Item): Item[] => (item.item ? item.item.flatMap(requests) : [item]);
  const [, reads, writes] = folders;
  const names = [reads, writes].flatMap((folder) => (folder ? requests(folder) : [])).map(({ name }) => name);
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect([...names, 'GET /v1/me/events'].toSorted()).toEqual(operations.toSorted());
  for (const { event } of reads ? requests(reads) : [])
    expect(JSON.stringify(event)).toContain("pm.test('status 200");
  // A template that is left in an address would be sent as it is.
  expect(JSON.stringify(folders)).not.toMatch(/"raw":"\{\{url\}\}[^"]*(?<!\{)\{\w+\}(?!\})/);
});
