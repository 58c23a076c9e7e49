import { MikroORM, sql } from '@mikro-orm/postgresql';
import { freshDatabase } from '@roost/testing';
import { mirror } from '../src/index.js';

let orm: MikroORM;

beforeAll(async () => {
  orm = await MikroORM.init({
    clientUrl: await freshDatabase('mirror'),
    entities: [],
    discovery: { warnWhenNoEntities: false },
    pool: { min: 0, max: 2 },
  });
  await orm.em.execute(`
    CREATE TABLE listing_copy (
      listing_id text PRIMARY KEY, version int NOT NULL, title text NOT NULL, nights daterange, facts jsonb)`);
  await orm.em.execute(`
    CREATE TABLE rate_copy (
      listing_id text, season text, version bigint NOT NULL, price_minor int, PRIMARY KEY (listing_id, season))`);
});
afterAll(() => orm.close(true));

const write = (version: number, title: string, listingId = 'first') =>
  mirror(orm.em.fork(), {
    table: 'listing_copy',
    key: { listing_id: listingId },
    version,
    values: { title },
  });
const stored = (listingId = 'first') =>
  orm.em
    .fork()
    .execute<object[]>(sql`SELECT version, title FROM listing_copy WHERE listing_id = ${listingId}`);

describe('mirror', () => {
  beforeEach(() => orm.em.fork().execute('TRUNCATE listing_copy, rate_copy'));

  test('inserts a missing row and returns true', async () => {
    expect(await write(3, 'A loft')).toBe(true);
    expect(await stored()).toEqual([{ version: 3, title: 'A loft' }]);
  });

  test('applies a newer version and returns true', async () => {
    await write(3, 'A loft');
    expect(await write(5, 'A larger loft')).toBe(true);
    expect(await stored()).toEqual([{ version: 5, title: 'A larger loft' }]);
  });

  test.each([
    ['an older', 2],
    ['the same', 3],
  ])('ignores %s version and returns false', async (_, version) => {
    await write(3, 'A loft');
    expect(await write(version, 'Another title')).toBe(false);
    expect(await stored()).toEqual([{ version: 3, title: 'A loft' }]);
  });

  test('changes the row of its key only', async () => {
    await write(3, 'A loft', 'first');
    await write(9, 'A barn', 'second');
    expect(await write(4, 'A larger loft', 'first')).toBe(true);
    expect(await stored('second')).toEqual([{ version: 9, title: 'A barn' }]);
  });

  test('keeps the newest version when versions arrive concurrently in any order', async () => {
    await Promise.all([4, 1, 6, 2, 5, 3].map((version) => write(version, `Title ${version}`)));
    expect(await stored()).toEqual([{ version: 6, title: 'Title 6' }]);
  });

  test('accepts fragments with casts, objects, null, and text with quotes, backslashes and question marks', async () => {
    const title = `What? 'Really' \\? "yes" ?? $1`;
    const facts = { text: title, tags: ['a', 'b'] };
    for (const version of [1, 2]) {
      await mirror(orm.em.fork(), {
        table: 'listing_copy',
        key: { listing_id: 'first' },
        version,
        values: { title, nights: sql`daterange(${'2027-06-10'}::date, ${'2027-06-12'}::date)`, facts },
      });
    }
    expect(
      await orm.em
        .fork()
        .execute(sql`SELECT version, title, nights::text AS nights, facts FROM listing_copy`),
    ).toEqual([{ version: 2, title, nights: '[2027-06-10,2027-06-12)', facts }]);
    await mirror(orm.em.fork(), {
      table: 'listing_copy',
      key: { listing_id: 'first' },
      version: 3,
      values: { title, nights: null, facts: sql`${JSON.stringify([1, 2])}::jsonb` },
    });
    expect(await orm.em.fork().execute(sql`SELECT nights, facts FROM listing_copy`)).toEqual([
      { nights: null, facts: [1, 2] },
    ]);
  });

  test('supports keys of several columns', async () => {
    const writeRate = (season: string, version: number, priceMinor: number) =>
      mirror(orm.em.fork(), {
        table: 'rate_copy',
        key: { listing_id: 'first', season },
        version,
        values: { price_minor: priceMinor },
      });
    expect(await writeRate('summer', 2, 200)).toBe(true);
    expect(await writeRate('winter', 1, 100)).toBe(true);
    expect(await writeRate('summer', 1, 150)).toBe(false);
    expect(
      await orm.em.fork().execute(sql`SELECT season, price_minor FROM rate_copy ORDER BY season`),
    ).toEqual([
      { season: 'summer', price_minor: 200 },
      { season: 'winter', price_minor: 100 },
    ]);
  });

  test('is undone when its transaction rolls back', async () => {
    await write(3, 'A loft');
    await expect(
      orm.em.fork().transactional(async (em) => {
        expect(
          await mirror(em, {
            table: 'listing_copy',
            key: { listing_id: 'first' },
            version: 4,
            values: { title: 'A larger loft' },
          }),
        ).toBe(true);
        throw new Error('rolled back');
      }),
    ).rejects.toThrow('rolled back');
    expect(await stored()).toEqual([{ version: 3, title: 'A loft' }]);
  });
});
