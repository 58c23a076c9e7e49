import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { CsvFile } from './csv-file.js';
import { ImportFailed } from './import-failed.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'roost-csv-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function aFile(content: string | Buffer, name = 'listings.csv'): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function rowsOf(
  path: string,
): Promise<{ rows: Record<'id' | 'text', string>[]; file: CsvFile<'id' | 'text'> }> {
  const file = await CsvFile.open(path, ['id', 'text']);
  const rows: Record<'id' | 'text', string>[] = [];
  for await (const { cells } of file.rows()) rows.push(cells);
  return { rows, file };
}

const text = 'id,other,text\r\n1,x,"two\nlines, ""quoted"""\r\n2,y,plain\r\n';
const rows = [
  { id: '1', text: 'two\nlines, "quoted"' },
  { id: '2', text: 'plain' },
];

test.each<[string, string | Buffer]>([
  ['plain', text],
  ['gzip, independent of its name', gzipSync(text)],
  ['several gzip members', Buffer.concat([gzipSync(text.slice(0, 20)), gzipSync(text.slice(20))])],
  ['with a byte order mark', `\ufeff${text}`],
  ['without an end of line at its end', text.trimEnd()],
])('%s: the columns asked for', async (_, content) => {
  const read = await rowsOf(aFile(content));
  expect(read.rows).toEqual(rows);
  expect(read.file.share).toBe(1);
});

test('reads a file without an optional column with empty cells', async () => {
  const file = await CsvFile.open(aFile('id\n1\n'), ['id', 'text'], ['text']);
  const cells: unknown[] = [];
  for await (const row of file.rows()) cells.push(row.cells);
  expect(cells).toEqual([{ id: '1', text: '' }]);
});

test.each<[string, Buffer, RegExp]>([
  ['ISO-8859-1', Buffer.from('id,text\n1,a\n2,D\u00e9j\u00e0 vu\n', 'latin1'), /line 3\).*ISO-8859-1/],
  ['Windows-1252', Buffer.from('id,text\n1,\u0093quoted\u0094', 'latin1'), /line 2\).*Windows-1252/],
  ['UTF-16', Buffer.from('\ufeffid,text\n1,é\n', 'utf16le'), /line 1\).*UTF-16/],
  ['ISO-8859-1, zipped', gzipSync(Buffer.from('id,text\n1,\u00e9\n', 'latin1')), /line 2\).*ISO-8859-1/],
])('rejects %s by name', async (_, content, reason) => {
  await expect(CsvFile.open(aFile(content), ['id', 'text'])).rejects.toThrow(reason);
});

test('reads characters that two chunks share', async () => {
  const { rows: read } = await rowsOf(aFile(`id,text\n1,${'é'.repeat(50_000)}\n2,x${'é'.repeat(50_000)}\n`));
  expect(read.map((row) => row.text.length)).toEqual([50_000, 50_001]);
});

test('reads no rows from an empty table', async () => {
  expect((await rowsOf(aFile('id,text\n'))).rows).toEqual([]);
});

test('reports a row with too few cells and reads the others', async () => {
  const { rows: read, file } = await rowsOf(aFile('id,text\n1,a\n2\n3,c\n'));
  expect(read.map(({ id }) => id)).toEqual(['1', '3']);
  expect(file.broken).toEqual([{ line: 3, reason: 'CSV_RECORD_INCONSISTENT_COLUMNS' }]);
});

test('reads many rows with little memory', async () => {
  const before = process.memoryUsage().heapUsed;
  const path = aFile(gzipSync(`id,text\n${'7,the same again\n'.repeat(200_000)}`));
  const file = await CsvFile.open(path, ['id', 'text']);
  let count = 0;
  let most = 0;
  for await (const { cells } of file.rows()) {
    if (cells.id === '7') count += 1;
    if (count % 10_000 === 0) most = Math.max(most, process.memoryUsage().heapUsed);
  }
  expect(count).toBe(200_000);
  expect((most - before) / 1024 / 1024).toBeLessThan(100);
});

test.each<[string, () => string, RegExp]>([
  ['does not exist', () => join(folder, 'nowhere.csv'), /nowhere\.csv cannot be read: ENOENT/],
  ['has other columns', () => aFile('a,b\n1,2\n'), /lacks the columns id, text/],
  ['lacks one column', () => aFile('id\n1\n'), /lacks the column text/],
  ['is truncated', () => aFile(gzipSync(text.repeat(500)).subarray(0, 120)), /cannot be read to its end/],
])('a file that %s is the end of the run', async (_, path, reason) => {
  const failed = rowsOf(path());
  await expect(failed).rejects.toThrow(ImportFailed);
  await expect(rowsOf(path())).rejects.toThrow(reason);
});
