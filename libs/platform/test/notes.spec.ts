import { aUser, startTestService, type TestService } from '@roost/testing';
import { notes } from './notes/src/service.js';

let service: TestService;
const writer = aUser({ emailVerified: true });

beforeAll(async () => {
  service = await startTestService(notes);
});
afterAll(() => service?.close());

test('a note is written, read and listed', async () => {
  const written = await service.as(writer).post('/v1/notes', { text: ' milk ' });
  expect(written.status).toBe(201);
  expect(written.body).toMatchObject({ text: 'milk', tags: [], version: 1 });
  const read = await service.as(writer).get(`/v1/notes/${(written.body as { id: string }).id}`);
  expect(read.body).toEqual(written.body);
  const list = await service.as(writer).get('/v1/notes?limit=1');
  expect(list.body).toEqual({ data: [written.body], nextCursor: null });
});
