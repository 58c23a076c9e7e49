import { type EntityManager, MikroORM, sql } from '@mikro-orm/postgresql';
import { startTestService, type TestService } from '@roost/testing';
import { Transactions } from '@roost/messaging';
import { executePrepared } from '@roost/platform';
import { notes } from '../../service/test/notes/src/service.js';

const doubled = (em: EntityManager, [factor, name, at]: readonly [number, string, Date]) =>
  executePrepared<{ twice: number; name: string; at: Date }>(
    em,
    'test-doubled',
    sql`SELECT 2 * ${factor}::int AS twice, ${sql`${name}`} AS name, ${at}::timestamptz AS at`,
  );
const now = new Date('2027-03-02T12:00:00.250Z');

let service: TestService;

beforeAll(async () => {
  service = await startTestService(notes);
});
afterAll(() => service?.close());

it('returns the rows, inside and outside of a transaction', async () => {
  const { em } = service.get(MikroORM);
  const expected = [{ twice: 42, name: "o'hare; --", at: now }];
  expect(await doubled(em.fork(), [21, "o'hare; --", now])).toEqual(expected);
  await service.get(Transactions).run(async (tx) => {
    expect(await doubled(tx, [21, "o'hare; --", now])).toEqual(expected);
  });
});

it('is prepared once per connection', async () => {
  await service.get(Transactions).run(async (em) => {
    for (let time = 0; time < 3; time++) await doubled(em, [time, '', now]);
    const rows = await em.execute<{ calls: number }[]>(
      sql`SELECT generic_plans + custom_plans AS calls FROM pg_prepared_statements WHERE name = 'test-doubled'`,
    );
    expect(rows).toHaveLength(1);
    expect(Number(rows[0]?.calls)).toBeGreaterThanOrEqual(3);
  });
});

it('runs in the transaction of its EntityManager', async () => {
  const { em } = service.get(MikroORM);
  const divide = (by: EntityManager, divisor: number) =>
    executePrepared<{ one: number }>(by, 'test-failing', sql`SELECT 1 / ${divisor}::int AS one`);
  await expect(divide(em.fork(), 0)).rejects.toMatchObject({ code: '22012' });
  await expect(
    service.get(Transactions).run(async (tx) => {
      await doubled(tx, [21, '', now]);
      await divide(tx, 0).catch(() => undefined);
      await divide(tx, 1);
    }),
  ).rejects.toMatchObject({ code: '25P02' });
});
