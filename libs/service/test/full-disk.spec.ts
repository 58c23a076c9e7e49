import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { FileStore } from '@roost/platform';
import {
  eventually,
  expectProblem,
  fillDisk,
  startTestService,
  type TestService,
  testUser,
} from '@roost/testing';
import { notes } from './notes/src/service.js';

let service: TestService;
const user = testUser();

beforeAll(async () => {
  service = await startTestService(notes);
});
afterAll(() => service?.close());

const readiness = () => service.anonymous.get('/health/ready');
const becomes = (storage: 'up' | 'degraded') =>
  eventually(
    async () =>
      expect(await readiness()).toMatchObject({ status: 200, body: { status: storage, parts: { storage } } }),
    { seconds: 20 },
  );

test('a job that finds the disk full makes readiness degraded, and reads go on', async () => {
  await becomes('up');
  const note = await service.as(user).post<{ id: string }>('/v1/notes', { text: 'before' });
  // No request writes: the sweep of the notes does, every 2 s.
  const free = await fillDisk(service, 'note');
  try {
    await becomes('degraded');
    expect((await service.as(user).get(`/v1/notes/${note.body.id}`)).status).toBe(200);
    expectProblem(await service.as(user).post('/v1/notes', { text: 'no space' }), 503, 'storage.full');
  } finally {
    await free();
  }
  await becomes('up');
});

test('a file for which the disk has no space makes readiness degraded', async () => {
  const folder = join(service.env.ROOST_DATA_DIR ?? '', 'files', 'notes');
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  const content = Readable.from(
    (function* () {
      yield Buffer.from('begin');
      throw full;
    })(),
  );
  await expect(service.get(FileStore).put('photos/a', content)).rejects.toBe(full);
  // The probe cannot write to the folder either.
  rmSync(folder, { recursive: true, force: true });
  writeFileSync(folder, '');
  await becomes('degraded');
  rmSync(folder);
  mkdirSync(folder);
  await becomes('up');
});
