import { jest } from '@jest/globals';
import { Readable } from 'node:stream';
import { type DiskFileStore, FileStore, REDIS, type Redis } from '@roost/platform';
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

const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });

async function failToStoreFile(files: FileStore): Promise<void> {
  const content = Readable.from(
    (function* () {
      yield Buffer.from('begin');
      throw full;
    })(),
  );
  await expect(files.put('photos/a', content)).rejects.toBe(full);
}

test('a file for which the disk has no space makes readiness degraded', async () => {
  const files = service.get(FileStore) as DiskFileStore;
  const probe = jest.spyOn(files, 'probe').mockRejectedValue(full);
  await failToStoreFile(files);
  await becomes('degraded');
  await eventually(() => expect(probe).toHaveBeenCalledTimes(2), { seconds: 20 });
  expect((await readiness()).body).toMatchObject({ status: 'degraded' });
  probe.mockRestore();
  await becomes('up');
});

test('a probe that fails for another reason does not keep readiness degraded', async () => {
  const files = service.get(FileStore) as DiskFileStore;
  const denied = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
  const probe = jest.spyOn(files, 'probe').mockRejectedValue(denied);
  try {
    await failToStoreFile(files);
    await becomes('degraded');
    await becomes('up');
  } finally {
    probe.mockRestore();
  }
});

test('a Redis whose disk is full makes readiness degraded, and reads go on', async () => {
  const misconfigured = new Error('MISCONF Errors writing to the AOF file: No space left on device');
  const ping = jest.spyOn(service.get<Redis>(REDIS), 'ping').mockRejectedValue(misconfigured);
  try {
    expect(await readiness()).toMatchObject({ status: 200, body: { parts: { redis: 'up' } } });
    await becomes('degraded');
  } finally {
    ping.mockRestore();
  }
  await becomes('up');
});
