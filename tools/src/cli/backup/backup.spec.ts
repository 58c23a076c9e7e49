import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Output } from '../command.js';
import { type Backup, BackupFolder } from './backup-folder.js';
import { copyMissing, filesIn } from './file-mirror.js';
import { keyCheck, keysOf, readKeys, writeKeys } from './keys.js';
import { planPrune, prune } from './prune-backups.js';
import { chooseBackup, restoreBackup } from './restore-backup.js';

let root: string;
let folder: BackupFolder;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'roost-backup-'));
  folder = new BackupFolder(join(root, 'backups'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const KEYS = { ENCRYPTION_KEY: 'e'.repeat(40), LOCATION_SECRET: 'l'.repeat(40) };

/** `number`: its hour, and its first segment of WAL. */
const aBackup = (number: number, more: Partial<Backup> = {}): Backup => ({
  id: `2026110${number}T000000000Z-full`,
  kind: 'full',
  parent: null,
  system: '7',
  startedAt: `2026-11-0${number}T00:00:00.000Z`,
  finishedAt: `2026-11-0${number}T00:01:00.000Z`,
  firstSegment: `0000000100000000000000${number}0`,
  bytes: 1,
  keyCheck: keyCheck(KEYS),
  production: false,
  files: [],
  ...more,
});

const incremental = (number: number, parent: Backup, more: Partial<Backup> = {}): Backup =>
  aBackup(number, {
    ...{ id: `2026110${number}T000000000Z-incremental`, kind: 'incremental', parent: parent.id },
    ...more,
  });

async function given(...backups: Backup[]): Promise<void> {
  for (const backup of backups) {
    await folder.add(backup.id, async (data) => {
      mkdirSync(data);
      return backup;
    });
  }
}

const archived = (...segments: string[]): void => {
  mkdirSync(join(folder.path, 'wal'), { recursive: true });
  for (const name of segments) writeFileSync(join(folder.path, 'wal', `${name}.gz`), '');
};

const stored = (path: string, content: string): void => {
  mkdirSync(join(folder.files, 'listings'), { recursive: true });
  writeFileSync(join(folder.files, path), content);
};

const first = aBackup(1);
const second = incremental(2, first);
const third = aBackup(3);

test('lists complete backups only, the oldest first', async () => {
  await given(third, first);
  const failing = folder.add('20261104T000000000Z-full', async (data) => {
    mkdirSync(data);
    throw new Error('the disk is full');
  });
  await expect(failing).rejects.toThrow('the disk is full');
  expect(folder.list()).toEqual([first, third]);
});

test('finds the backups that an incremental one is based on, and names one that is missing', async () => {
  await given(first, second);
  expect(folder.chainOf(second)).toEqual([first, second]);
  folder.remove(first);
  expect(() => folder.chainOf(second)).toThrow(`${second.id} is based on ${first.id}, which is missing.`);
});

test.each([
  ['before the first', '2026-11-01T00:00:59.000Z', null],
  ['at the end of the first', '2026-11-01T00:01:00.000Z', first.id],
  ['during the second', '2026-11-02T00:00:30.000Z', first.id],
  ['after the second', '2026-11-02T12:00:00.000Z', second.id],
])('restores an instant %s', async (_when, instant, expected) => {
  await given(first, second, third);
  const choose = () => chooseBackup(folder, new Date(instant)).id;
  if (expected === null) expect(choose).toThrow(`The first backup ended at ${first.finishedAt}`);
  else expect(choose()).toBe(expected);
});

test('restores the newest backup if no instant is given', async () => {
  expect(() => chooseBackup(folder, null)).toThrow('There is no backup in');
  await given(first, second, third);
  expect(chooseBackup(folder, null).id).toBe(third.id);
});

test.each([
  [1, [third.id], [first.id, second.id]],
  [2, [first.id, second.id, third.id], []],
  [9, [first.id, second.id, third.id], []],
])('keeps the newest %d full backups with everything since', (keep, kept, removed) => {
  const plan = planPrune([first, second, third], keep);
  expect(plan.kept.map(({ id }) => id)).toEqual(kept);
  expect(plan.removed.map(({ id }) => id)).toEqual(removed);
});

test('prunes the archive and the files that no kept backup needs, on every timeline', async () => {
  const old = { path: 'listings/old', bytes: 3 };
  const both = { path: 'listings/both', bytes: 4 };
  await given(aBackup(1, { files: [old, both] }), aBackup(3, { files: [both] }));
  stored('listings/old', 'old');
  stored('listings/both', 'both');
  stored('listings/new', 'new');
  archived('000000010000000000000010', '00000001000000000000002F', '000000010000000000000030');
  archived('00000002000000000000002F', '000000020000000000000030');

  expect(await prune(folder, 1, false)).toMatchObject({ segments: 3, files: 1 });
  expect(folder.list()).toHaveLength(2);

  expect(await prune(folder, 1, true)).toMatchObject({ segments: 3, files: 1 });
  expect(folder.list().map(({ id }) => id)).toEqual([third.id]);
  expect(folder.segments()).toEqual(['000000010000000000000030', '000000020000000000000030']);
  expect((await filesIn(folder.files)).map(({ path }) => path)).toEqual(['listings/both', 'listings/new']);
});

test('copies files that are missing, and no upload in progress', async () => {
  const source = join(root, 'files');
  mkdirSync(source);
  for (const name of ['a.webp', 'b.webp', 'c.webp.123.part', 'probe-1'])
    writeFileSync(join(source, name), name);
  const files = await filesIn(source);
  expect(files.map(({ path }) => path)).toEqual(['a.webp', 'b.webp']);
  const deleted = { path: 'deleted.webp', bytes: 1 };
  expect(await copyMissing(source, folder.files, [...files, deleted])).toEqual(files);
  expect(readFileSync(join(folder.files, 'b.webp'), 'utf8')).toBe('b.webp');
});

test('writes keys for their owner only, reads them back, and never replaces a file', () => {
  const file = join(root, 'keys.json');
  writeKeys(file, KEYS);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readKeys(file)).toEqual(KEYS);
  expect(() => writeKeys(file, KEYS)).toThrow(/Can't write .* \(EEXIST\)/);
  writeFileSync(join(root, 'other.json'), '{}');
  expect(() => readKeys(join(root, 'other.json'))).toThrow(/has no valid ENCRYPTION_KEY/);
  expect(() => keysOf(root)).toThrow(/secrets.json has no valid ENCRYPTION_KEY/);
});

const restore = (dataDir: string, keys: typeof KEYS) =>
  restoreBackup({ folder, dataDir, until: null, keys, out: new Output(true) });

test('refuses a data folder that has data, and keys that do not fit, and writes nothing', async () => {
  await given(first);
  const used = join(root, 'used');
  mkdirSync(used);
  writeFileSync(join(used, 'secrets.json'), '{}');
  await expect(restore(used, KEYS)).rejects.toThrow('is not empty: restore to a new folder');
  expect(readFileSync(join(used, 'secrets.json'), 'utf8')).toBe('{}');

  const fresh = join(root, 'fresh');
  await expect(restore(fresh, { ...KEYS, ENCRYPTION_KEY: 'x'.repeat(40) })).rejects.toThrow(
    /^These keys do not fit/,
  );
  expect(statSync(fresh, { throwIfNoEntry: false })).toBeUndefined();
});

test('writes the time of the last success for Prometheus', async () => {
  mkdirSync(folder.path, { recursive: true });
  folder.writeMetrics(first);
  expect(readFileSync(join(folder.path, 'roost_backup.prom'), 'utf8')).toContain(
    `\nroost_backup_last_success_timestamp_seconds ${Date.parse(first.finishedAt) / 1000}\n`,
  );
});
