import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { DiskFileStore } from './file-store.js';

describe('DiskFileStore', () => {
  const root = mkdtempSync(join(tmpdir(), 'roost-files-'));
  const store = new DiskFileStore(root);
  afterAll(() => rmSync(root, { recursive: true }));

  test('stores, returns, replaces and deletes a file', async () => {
    await store.put('photos/a/large.webp', Buffer.from('one'));
    await store.put('photos/a/large.webp', Readable.from(['two', '!']));
    const file = await store.get('photos/a/large.webp');
    expect(file?.sizeBytes).toBe(4);
    expect(await text(file?.stream ?? Readable.from([]))).toBe('two!');
    await store.delete('photos/a/large.webp');
    expect(await store.get('photos/a/large.webp')).toBeNull();
    await store.delete('photos/a/large.webp');
  });

  test('leaves no file behind when the upload fails', async () => {
    const broken = Readable.from(
      (function* () {
        yield 'half';
        throw new Error('aborted');
      })(),
    );
    await expect(store.put('broken/file', broken)).rejects.toThrow('aborted');
    expect(await store.get('broken/file')).toBeNull();
    expect(readdirSync(join(root, 'broken'))).toEqual([]);
  });

  test.each([
    '../etc/passwd',
    '/etc/passwd',
    'a/../../b',
    'a//b',
    '',
    '.hidden',
    'a/.b',
    'a\0b',
    'x'.repeat(400),
  ])('rejects the key %j', async (key) => {
    await expect(store.get(key)).rejects.toThrow('file key');
    await expect(store.put(key, Buffer.from(''))).rejects.toThrow('file key');
  });
});
