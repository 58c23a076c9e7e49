import { setImmediate } from 'node:timers/promises';
import { inLanes } from './lanes.js';

test('works on at most this many items at once, and on all of them', async () => {
  let [active, most] = [0, 0];
  const done: number[] = [];
  const items = Array.from({ length: 10 }, (_, n) => n);
  await inLanes(
    items,
    3,
    async (n) => {
      most = Math.max(most, ++active);
      await setImmediate();
      active--;
      done.push(n);
    },
    fail,
  );
  expect(most).toBe(3);
  expect(done.toSorted((a, b) => a - b)).toEqual(items);
});

test('a failure does not block the other items', async () => {
  const failures: unknown[] = [];
  const done: number[] = [];
  const work = (n: number) =>
    n === 1 ? Promise.reject(new Error('unreachable')) : Promise.resolve(done.push(n));
  await inLanes([0, 1, 2], 1, work, (error) => failures.push(error));
  expect(done).toEqual([0, 2]);
  expect(failures).toEqual([new Error('unreachable')]);
});

function fail(error: unknown): never {
  throw error;
}
