import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ImportFailed } from './import-failed.js';
import { type InsideAirbnb, InsideAirbnbImport } from './inside-airbnb.js';
import type { Operator } from './operator.js';

const cases = new URL('../../../../shared/cases/import/', import.meta.url);
const file = (name: string): string => new URL(name, cases).pathname;

interface Sent {
  path: string;
  rows: Record<string, unknown>[];
}

/** Accepts every row, and keeps what was sent. */
function acceptAll(): { operator: Operator; sent: Sent[] } {
  const sent: Sent[] = [];
  const post = (path: string, body: string) => {
    const { rows } = JSON.parse(body) as { rows: Record<string, unknown>[] };
    sent.push({ path, rows });
    const results = rows.map((row) => ({
      id: `id-${String(row.externalId)}`,
      outcome: 'created',
      code: null,
      pointer: null,
      detail: null,
    }));
    return Promise.resolve({ status: 200, body: { results } });
  };
  return { operator: { post } as unknown as Operator, sent };
}

function start(files: Partial<InsideAirbnb> & { listings: string }) {
  const { operator, sent } = acceptAll();
  const options = { instant: false, shiftToToday: false, ...files };
  const run = new InsideAirbnbImport(operator, options, { write: () => true });
  const rows = (kind: string) =>
    sent.filter(({ path }) => path.endsWith(`/${kind}`)).flatMap((batch) => batch.rows);
  return { run, sent, rows };
}

if (existsSync(cases)) {
  test('skips and counts one bad row and imports the others', async () => {
    const { run, rows } = start({ listings: file('one-bad-row-stops-all_listings.csv'), city: 'Albany' });
    const report = await run.run();
    expect(rows('listings').map(({ externalId }) => externalId)).toEqual(['1000', '1001']);
    expect([report.of('listings', 'created'), report.of('listings', 'skipped')]).toEqual([2, 1]);
    expect(report.lines().join('\n')).toContain(
      'listings, skipped: latitude and longitude exchanged, for example listing 1027',
    );
  });

  test('skips and counts prices that no payment can have, and imports the others', async () => {
    const [header = '', row = ''] = readFileSync(file('one_listings.csv'), 'utf8').split('\n');
    const rowsOf = ['$0.49', '$1,379.00', '$1,000,000.00'].map((price, index) =>
      row.replace('1000', String(1000 + index)).replace('$1,379.00', price),
    );
    const folder = mkdtempSync(join(tmpdir(), 'roost-prices-'));
    const listings = join(folder, 'listings.csv');
    writeFileSync(listings, [header, ...rowsOf, ''].join('\n'));
    const { run, rows } = start({ listings, city: 'Albany' });
    const report = await run.run();
    rmSync(folder, { recursive: true });
    expect(rows('listings').map(({ externalId }) => externalId)).toEqual(['1001']);
    expect([report.of('listings', 'created'), report.of('listings', 'skipped')]).toEqual([1, 2]);
    expect(report.lines().join('\n')).toContain('listings, skipped: a price that no payment in USD can have');
  });

  test('stops a file with two currencies before anything is sent, and asks for --currency', async () => {
    const listings = file('border-two-currencies_listings.csv');
    const stopped = start({ listings, city: 'Geneva' });
    const failed = await stopped.run.run().catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(ImportFailed);
    expect((failed as Error).message).toMatch(/\(CHF, EUR\).*--currency/);
    expect(stopped.sent).toEqual([]);
    const named = start({ listings, city: 'Geneva', currency: 'CHF' });
    await named.run.run();
    expect(named.rows('listings')).toHaveLength(2);
  });

  test('masks and counts contact data in the texts of listings', async () => {
    const { run, rows } = start({ listings: file('contacts-not-masked_listings.csv'), city: 'Albany' });
    const report = await run.run();
    expect(rows('listings')).toMatchObject([
      {
        content: {
          description:
            'Text me [link hidden] - [link hidden] - [mail address hidden] - [link hidden] - insta: [handle hidden] - [mail address hidden]',
        },
      },
    ]);
    expect(report.lines().join('\n')).toMatch(/3 {2}listings, link masked/);
  });

  test('masks and counts contact data in reviews', async () => {
    const { run, rows } = start({
      listings: file('one_listings.csv'),
      reviews: file('contacts-in-reviews_reviews.csv'),
      city: 'Albany',
    });
    const report = await run.run();
    expect(rows('reviews')).toMatchObject([
      { text: 'Lovely. Book direct with Ana: [phone number hidden] or [mail address hidden]' },
    ]);
    expect(report.lines().join('\n')).toMatch(
      /1 {2}reviews, phone number masked[^]*1 {2}reviews, mail address masked/,
    );
  });

  test('names the encoding of a file that is not UTF-8 and sends nothing', async () => {
    const { run, sent } = start({ listings: file('latin1_listings.csv'), city: 'Albany' });
    await expect(run.run()).rejects.toThrow(/latin1_listings\.csv is not UTF-8 \(line 2\).*ISO-8859-1/);
    expect(sent).toEqual([]);
  });
}
